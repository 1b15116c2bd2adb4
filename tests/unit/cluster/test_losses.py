"""The tally: nothing is rounded away."""

import pytest

from tests.cluster.losses import Expectation, Loss, Tally


def test_one_loss_in_fifty_thousand_is_kept() -> None:
    """The single loss survives counting, writing, reading and printing."""
    tally = Tally()
    for number in range(1, 50_001):
        tally.sent["keep-alive"] += 1
        if number == 31_337:
            tally.lost(Loss(at=1_000_000.25, kind="keep-alive", number=number, seconds=0.5, reason="status 503"))
        else:
            tally.right("keep-alive", 0.001)
    read = Tally.from_json(tally.to_json())
    assert read == tally
    assert read.unaccounted == 0
    assert read.reasons() == {"status 503": 1}
    assert str(read).splitlines() == [
        "50000 requests (50000 keep-alive): 1 lost, slowest 1 ms",
        "  1000000.250 keep-alive #31337 after 500 ms: status 503",
    ]


def test_a_request_that_vanished_is_noticed() -> None:
    """What was sent and neither answered nor lost shows as unaccounted."""
    tally = Tally()
    tally.sent["new-connection"] += 2
    tally.right("new-connection", 0.1)
    assert tally.unaccounted == 1


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        pytest.param(200, b'{"path": "/?n=7"}', "", id="right"),
        pytest.param(200, b'{"path": "/?n=71"}', 'answer to another request: \'{"path": "/?n=71"}\'', id="prefix"),
        pytest.param(200, b"", "answer to another request: ''", id="empty"),
        pytest.param(503, b'{"path": "/?n=7"}', "status 503", id="status"),
    ],
)
def test_expectation(status: int, body: bytes, fault: str) -> None:
    """An answer is right only if it is the answer to that very request."""
    assert Expectation(echoes=True).fault(7, status, body) == fault
