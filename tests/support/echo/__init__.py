"""A backend that says what it received, over HTTP/1.1, HTTP/2 with and without TLS, WebSocket and gRPC, on one port each.

`Echo` serves in the running event loop; `python -m tests.support.echo NAME=HOST:PORT ...` is the same as a program. What a
request wants of its answer stands in its query: see `answer.Wish`.
"""

from tests.support.echo.answer import Received, Seen, Wish
from tests.support.echo.server import Echo

__all__ = ["Echo", "Received", "Seen", "Wish"]
