"""Expiry: what the clock says of certificates, and when it will say something else."""

from datetime import UTC, datetime, timedelta

import pytest

from genkan.ir import Certificate, Origin, PrivateBytes, Reason, Traffic
from genkan.translate.ingress.expiry import conditions, next_change

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def traffic(*validity: tuple[datetime, datetime]) -> Traffic:
    """Traffic with a certificate for each validity."""
    certificates = tuple(
        Certificate(f"shop/{i}", b"", PrivateBytes(b""), (), begin, end, origin=Origin("Secret", "shop", str(i)))
        for i, (begin, end) in enumerate(validity)
    )
    return Traffic((), (), (), certificates)


@pytest.mark.parametrize(
    ("now", "reasons", "change"),
    [
        pytest.param(BEGIN - SECOND, [Reason.CERTIFICATE_NOT_YET_VALID], BEGIN, id="too early"),
        pytest.param(BEGIN, [], END + SECOND, id="first second"),
        pytest.param(END, [], END + SECOND, id="last second, inclusive"),
        pytest.param(END + SECOND, [Reason.CERTIFICATE_EXPIRED], None, id="expired"),
    ],
)
def test_what_the_clock_says(now: datetime, reasons: list[Reason], change: datetime | None) -> None:
    """RFC 5280: notBefore and notAfter both are within the validity."""
    given = traffic((BEGIN, END))
    assert [condition.reason for condition in conditions(given, now)] == reasons
    assert next_change(given, now) == change


def test_the_next_change_is_the_earliest_of_all() -> None:
    """Whichever certificate it concerns."""
    given = traffic((BEGIN, END), (BEGIN, END - timedelta(days=1)))
    assert next_change(given, BEGIN) == END - timedelta(days=1) + SECOND


def test_the_end_of_time_is_no_error() -> None:
    """A certificate without a well-defined end (RFC 5280, 4.1.2.5: the year 9999)."""
    never = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert conditions(traffic((BEGIN, never)), BEGIN) == ()
    assert next_change(traffic((BEGIN, never)), BEGIN) == never


def test_without_certificates_nothing_ever_changes() -> None:
    """No timer is needed."""
    assert next_change(traffic(), BEGIN) is None
