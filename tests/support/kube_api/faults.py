"""What a server can do wrong: answer something else, or break a stream."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

End = Literal["close", "abort", "silence"]


def status(code: int, reason: str, message: str, **details: Any) -> dict[str, Any]:
    """A meta/v1 Status of a failure."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
        **({"details": details} if details else {}),
    }


def event(kind: str, body: dict[str, Any]) -> bytes:
    """One line of a watch."""
    return json.dumps({"type": kind, "object": body}).encode() + b"\n"


@dataclass(frozen=True)
class Answer:
    """An answer instead of the right one; `body` stands for a Status if it is empty."""

    code: int
    reason: str = "InternalError"
    message: str = "by the test's wish"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def content(self) -> bytes:
        """What is sent."""
        return self.body or json.dumps(status(self.code, self.reason, self.message)).encode()


@dataclass(frozen=True)
class Stream:
    """200 and these chunks, then the end: an orderly close, a connection cut in the middle of a chunk, or silence for ever."""

    chunks: tuple[bytes, ...] = ()
    end: End = "close"


@dataclass(frozen=True)
class Lost:
    """The request is carried out, and its answer never arrives: the connection is cut."""


Fault = Answer | Stream | Lost
