"""What a cluster leaves behind is named; what was there before is not."""

from dataclasses import replace

from tests.cluster.traces import Traces

EMPTY = Traces(*(frozenset[str]() for _ in range(7)))


def test_only_what_is_new_is_left_over() -> None:
    """Each kind of trace is compared with what the machine had before."""
    before = replace(EMPTY, mounts=frozenset({"/"}), settings=frozenset({"kernel/panic=1"}))
    after = replace(
        before,
        mounts=frozenset({"/", "/run/netns"}),
        network_namespaces=frozenset({"genkan-client-1"}),
        settings=frozenset({"kernel/panic=10"}),
    )
    assert before.left_over(after) == [
        "mounts: /run/netns",
        "network namespaces: genkan-client-1",
        "settings: kernel/panic=10",
    ]
    assert after.left_over(before) == ["settings: kernel/panic=1"]


def test_taking_looks_at_this_machine() -> None:
    """What every machine has is found."""
    traces = Traces.take()
    assert "/" in traces.mounts
    assert "lo" in traces.links
    assert any(one.startswith("kernel/panic=") for one in traces.settings)
