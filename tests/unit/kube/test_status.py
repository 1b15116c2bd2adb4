"""What becomes of a refusal."""

import pytest

from genkan.errors import TerminalError, TransientError
from genkan.kube.status import (
    ConflictError,
    ExpiredError,
    NotFoundError,
    RefusedError,
    Status,
    StatusDetails,
    UnavailableError,
    error_of,
    read_status,
)


@pytest.mark.parametrize(
    ("code", "kind", "base"),
    [
        (400, RefusedError, TerminalError),
        (401, RefusedError, TerminalError),
        (403, RefusedError, TerminalError),
        (404, NotFoundError, TerminalError),
        (408, UnavailableError, TransientError),
        (409, ConflictError, TransientError),
        (410, ExpiredError, TransientError),
        (415, RefusedError, TerminalError),
        (422, RefusedError, TerminalError),
        (429, UnavailableError, TransientError),
        (500, UnavailableError, TransientError),
        (504, UnavailableError, TransientError),
    ],
)
def test_the_code_decides(code: int, kind: type[Exception], base: type[Exception]) -> None:
    """Whether trying again can help, and the cases that callers treat apart."""
    error = error_of("GET /x", code, Status(message="so it is"))
    assert type(error) is kind
    assert isinstance(error, base)
    assert error.detail == "so it is"
    assert str(error) == f"GET /x: {code} {error.reason}: so it is"


@pytest.mark.parametrize(
    ("header", "details", "expected"),
    [
        pytest.param(None, None, None, id="neither"),
        pytest.param(3.0, StatusDetails(retry_after_seconds=9), 3.0, id="header-first"),
        pytest.param(None, StatusDetails(retry_after_seconds=9), 9.0, id="body"),
        pytest.param(None, StatusDetails(), None, id="zero-is-no-answer"),
    ],
)
def test_when_to_come_back(header: float | None, details: StatusDetails | None, expected: float | None) -> None:
    """The header's word, else the Status's."""
    error = error_of("GET /x", 429, Status(details=details), retry_after=header)
    assert isinstance(error, UnavailableError)
    assert error.retry_after == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b'{"kind":"Status","message":"m"}', "m", id="status"),
        pytest.param(b"<html>\n  <b>Bad</b> </html>", "<html> <b>Bad</b> </html>", id="page"),
        pytest.param(b"\xff" * 1000, "\ufffd" * 200, id="bytes"),
        pytest.param(b"", "", id="nothing"),
    ],
)
def test_any_body_can_be_read(body: bytes, message: str) -> None:
    """A proxy in between answers in its own way."""
    assert read_status(body).message == message


def test_the_fields_at_fault_are_named() -> None:
    """As the Status lists them."""
    status = read_status(b'{"reason":"Invalid","details":{"causes":[{"field":"spec.ports"},{"message":"m"}]}}')
    error = error_of("PATCH /x", 422, status)
    assert isinstance(error, RefusedError)
    assert (error.reason, error.fields) == ("Invalid", ("spec.ports", ""))
