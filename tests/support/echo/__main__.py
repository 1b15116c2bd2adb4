"""Serve backends until SIGTERM: `python -m tests.support.echo NAME=HOST:PORT ... [--tls CERT KEY] [--keepalive S]`.

Port 0 takes a free one. Prints one JSON object, name to HOST:PORT, in one line, as soon as all of them listen.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import ssl
import sys

from tests.support.echo.server import Echo


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="echo", description="Backends that say what they received.")
    parser.add_argument("servers", nargs="+", metavar="NAME=HOST:PORT")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="PEM files; offers h2 and http/1.1")
    parser.add_argument("--keepalive", type=float, default=3600.0, help="seconds until an idle connection is closed")
    return parser.parse_args()


def _context(files: list[str] | None) -> ssl.SSLContext | None:
    if files is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        ready = {}
        for text in arguments.servers:
            name, _, address = text.partition("=")
            host, _, port = address.rpartition(":")
            server = Echo(name, host.strip("[]"), int(port), tls=_context(arguments.tls), keepalive=arguments.keepalive)
            ready[name] = (await stack.enter_async_context(server)).address
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await stop.wait()


asyncio.run(_serve(_arguments()))
