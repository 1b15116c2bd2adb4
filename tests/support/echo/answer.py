"""What the echo backend answers, apart from any protocol: pure."""

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import msgspec


class Received(msgspec.Struct, frozen=True):
    """The answer's JSON: what arrived, header names and values in order and as sent, the path byte for byte (latin-1).

    `name` is the backend's own name, `connection` counts the connections it has taken, `body` is the length of the request's body.
    """

    name: str
    method: str
    path: str
    host: str
    proto: str
    headers: list[tuple[str, str]]
    tls: bool = False
    connection: int = 0
    body: int = 0
    body_sha256: str = ""

    def header(self, name: str) -> str | None:
        """The header's value, several joined as proxies do; None when it was not sent."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request asked for in its query.

    status=N              that status
    delay=S               seconds before the answer begins
    size=N                a body of N bytes instead of JSON
    chunks=N, interval=S  a stream of N short chunks, S seconds apart
    reset=before|N        reset the connection: before the answer, or after N bytes of a longer body
    close=1               `Connection: close` (HTTP/1.1)
    echo=1                the request's own body as the answer, streamed
    count=KEY             remember that one request came; `/-/count/KEY` tells how many did
    """

    status: int = 200
    delay: float = 0.0
    size: int | None = None
    chunks: int = 0
    interval: float = 0.0
    reset: str = ""
    close: bool = False
    echo: bool = False
    count: str = ""


def wish(path: str) -> Wish:
    """Read the wishes out of a path with query; unknown words are traffic of the test's own and ignored."""
    query = path.partition("?")[2]
    if not query:
        return Wish()
    words = dict(parse_qsl(query))
    return Wish(
        status=int(words.get("status", "200")),
        delay=float(words.get("delay", "0")),
        size=int(words["size"]) if "size" in words else None,
        chunks=int(words.get("chunks", "0")),
        interval=float(words.get("interval", "0")),
        reset=words.get("reset", ""),
        close="close" in words,
        echo="echo" in words,
        count=words.get("count", ""),
    )


def document(received: Received) -> bytes:
    """The JSON of an answer, with a newline as programs for people end it."""
    return msgspec.json.encode(received) + b"\n"


@dataclass(slots=True)
class Seen:
    """What one backend has counted; `counts` holds the keys of `count=KEY`."""

    connections: int = 0
    requests: int = 0
    counts: Counter[str] = field(default_factory=Counter)
