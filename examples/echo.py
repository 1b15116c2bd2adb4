#!/usr/bin/env python3
"""A backend that says what reached it: `python3 examples/echo.py NAME PORT`; port 0 takes a free one. Standard library only.

Every request is answered 200 with a JSON object: the backend's name, the method, path and headers as they arrived, the body's size.
"""

import argparse
import json
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    """One connection, kept alive between requests."""

    protocol_version = "HTTP/1.1"
    server: "Backend"

    def answer(self) -> None:
        """Read the whole request, then describe it."""
        seen = {
            "backend": self.server.name,
            "method": self.command,
            "path": self.path,
            "headers": dict(self.headers.items()),
            "bodyBytes": self.body_bytes(),
        }
        content = json.dumps(seen, indent=2).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815 - http.server's names

    def body_bytes(self) -> int:
        """Read the body, whose length is told before it or chunk by chunk, and return its size."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        total = 0
        while size := int(self.rfile.readline().split(b";")[0], 16):
            total += len(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return total

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Stay silent: the answer says it all."""


class Backend(ThreadingHTTPServer):
    """Listens on 127.0.0.1; a thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), Echo)
        self.name = name

    @property
    def address(self) -> str:
        """HOST:PORT, as `genkan serve --backend` takes it."""
        return f"127.0.0.1:{self.server_address[1]}"


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A backend that says what reached it.")
    parser.add_argument("name")
    parser.add_argument("port", type=int)
    arguments = parser.parse_args()
    with Backend(arguments.name, arguments.port) as backend:
        print(f"{backend.name} listens on {backend.address}", flush=True)
        with suppress(KeyboardInterrupt):
            backend.serve_forever()


if __name__ == "__main__":
    main()
