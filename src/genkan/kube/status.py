"""What the API server says when it does not do what it was asked.

    TransientError
    └── UnavailableError    429, 5xx and all that may pass: has `retry_after` if the server named a time
        ├── ConflictError   409: somebody else wrote in between, or the name is taken (`reason` is then AlreadyExists)
        └── ExpiredError    410: the version or the `continue` token is too old to go on from
    TerminalError
    └── RefusedError        403, 422 and all that stays so until something changes
        └── NotFoundError   404

Takes a `Status` object (k8s.io/apimachinery, meta/v1) with the HTTP code, in an answer or in a watch's ERROR event.
"""

import msgspec

from genkan.errors import TerminalError, TransientError


class StatusCause(msgspec.Struct, frozen=True, rename="camel"):
    """One of the things that are wrong; `field` is a path such as `spec.rules[0].host`."""

    field: str = ""


class StatusDetails(msgspec.Struct, frozen=True, rename="camel"):
    """`details` of a Status, as far as it is used; seconds."""

    retry_after_seconds: float = 0
    causes: tuple[StatusCause, ...] = ()


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """meta/v1 Status, as far as it is used."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: StatusDetails | None = None


class UnavailableError(TransientError):
    """The API server could not do it now; `detail` is its own text, for quoting in an Event."""

    def __init__(self, message: str, *, code: int, reason: str, detail: str, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.code, self.reason, self.detail = code, reason, detail


class ConflictError(UnavailableError):
    """Somebody else wrote in between, owns a field, or has the name: read again, then decide again."""


class ExpiredError(UnavailableError):
    """History before this point is gone: list anew."""


class RefusedError(TerminalError):
    """The API server will not do it as it stands; `detail` is its own text, `fields` are those that it finds at fault."""

    def __init__(self, message: str, *, code: int, reason: str, detail: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message, reason=reason)
        self.code, self.detail, self.fields = code, detail, fields


class NotFoundError(RefusedError):
    """No such object, or no such kind."""


_REASONS = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Expired"}
_PASSING = frozenset({408, 429})

ApiError = UnavailableError | RefusedError


def error_of(asked: str, code: int, status: Status, *, retry_after: float | None = None) -> ApiError:
    """Make the error for what the server said to `asked` ("GET /api/v1/services").

    `retry_after` (seconds) is the header's; without it the one in the Status counts.
    """
    if retry_after is None and status.details is not None and status.details.retry_after_seconds > 0:
        retry_after = status.details.retry_after_seconds
    reason = status.reason or _REASONS.get(code, f"Status{code}")
    detail = status.message or "no explanation"
    message = f"{asked}: {code} {reason}: {detail}"
    if code == 404:
        return NotFoundError(message, code=code, reason=reason, detail=detail)
    if code in {409, 410} or code in _PASSING or code >= 500:
        kinds: dict[int, type[UnavailableError]] = {409: ConflictError, 410: ExpiredError}
        kind = kinds.get(code, UnavailableError)
        return kind(message, code=code, reason=reason, detail=detail, retry_after=retry_after)
    fields = tuple(cause.field for cause in status.details.causes) if status.details is not None else ()
    return RefusedError(message, code=code, reason=reason, detail=detail, fields=fields)


def read_status(body: bytes) -> Status:
    """Read the body of a refusal; what is no Status (a proxy's page) becomes its message, cut at 200 characters."""
    try:
        return msgspec.json.decode(body, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Status(message=" ".join(body[:800].decode(errors="replace").split())[:200])
