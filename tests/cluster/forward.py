"""Passes TCP connections on to the API server: from the machine to the node, or late and lossy on purpose.

Runs as a program, with nothing but the standard library: `forward.py LISTENER HOST:PORT [CONTROL]`. LISTENER is a
port, or `fd:N` for an inherited file descriptor, which may belong to another network namespace than the process: that
is how a machine without any route to the node reaches its API server. CONTROL is a JSON file, read for each connection and each chunk:
`{"delay": seconds, "refuse": bool, "stall": bool}`; without it everything passes at once.
"""

import asyncio
import contextlib
import json
import socket
import sys
from pathlib import Path

CHUNK = 65536


class Control:
    """How to treat what passes, read anew each time: tests change it under running connections."""

    def __init__(self, path: Path | None) -> None:
        """Take the path of the JSON file, or nothing for a plain forwarder."""
        self._path = path

    def read(self) -> dict[str, float]:
        """Give the present settings; a file half written counts as empty and is read again for the next chunk."""
        if self._path is None:
            return {}
        try:
            settings: dict[str, float] = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return settings


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, control: Control) -> None:
    """Copy one direction until it ends."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            await hold(control)
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()


async def hold(control: Control) -> None:
    """Wait as long as the settings ask for."""
    settings = control.read()
    if settings.get("delay"):
        await asyncio.sleep(settings["delay"])
    while control.read().get("stall"):
        await asyncio.sleep(0.1)


async def serve(listener: socket.socket, host: str, port: int, control: Control) -> None:
    """Accept for ever."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            if control.read().get("refuse"):
                return
            try:
                far_reader, far_writer = await asyncio.open_connection(host, port)
            except OSError:
                return
            with contextlib.closing(far_writer):
                await asyncio.gather(pass_on(reader, far_writer, control), pass_on(far_reader, writer, control))

    server = await asyncio.start_server(connected, sock=listener)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Run with the command line's listener and target."""
    kind, _, number = sys.argv[1].rpartition(":")
    listener = socket.socket(fileno=int(number)) if kind == "fd" else socket.create_server(("", int(number)))
    host, _, port = sys.argv[2].rpartition(":")
    control = Control(Path(sys.argv[3]) if len(sys.argv) > 3 else None)
    asyncio.run(serve(listener, host.strip("[]"), int(port), control))


if __name__ == "__main__":
    main()
