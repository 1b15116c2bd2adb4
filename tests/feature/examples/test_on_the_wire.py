"""Every example serves as its README says: the real `genkan serve`, the example's own backends and clients."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509

from examples.grpc import client as grpc_client
from examples.grpc import server as grpc_server
from examples.websocket import client as websocket_client
from tests.support import examples
from tests.support.client import request
from tests.support.processes import ROOT, end
from tests.support.serve import Front, serving
from tests.support.waiting import until


@asynccontextmanager
async def program(*words: str) -> AsyncIterator[str]:
    """Run one of the examples' programs; gives the first line that it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", *words), cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            line = await process.stdout.readline()
        yield line.decode()
    finally:
        await end(process)


@asynccontextmanager
async def echo(name: str) -> AsyncIterator[str]:
    """Run examples/echo.py; gives HOST:PORT."""
    async with program("examples/echo.py", name, "0") as line:
        assert line.startswith(f"{name} listens on ")
        yield line.split()[-1]


@asynccontextmanager
async def example(
    name: str, folder: Path, *, flags: Sequence[str] = (), ports: dict[str, str] | None = None
) -> AsyncIterator[Front]:
    """Serve an example; `ports` replaces the port numbers that its manifests hold by free ones."""
    manifests = examples.prepare(name, folder).rename(folder / "manifests")
    for old, new in (ports or {}).items():
        for path in manifests.glob("*.yaml"):
            path.write_text(path.read_text().replace(old, new))
    async with serving(folder, backends=flags) as serve:
        yield await serve.front(name, tls=name == "tls")


async def backend_of(front: Front, host: str, path: str) -> str:
    """Say who answers: a backend's name, "none" for 404."""
    answer = await request(front.plain, path, host=host)
    if answer.status == 404:
        return "none"
    found = re.search(rb'"backend": "(\w+)"', answer.body)
    assert found, answer
    return found[1].decode()


@pytest.mark.parametrize(("name", "host"), [("path-types", "paths.example.com"), ("wildcard-host", "")])
async def test_requests_go_where_the_table_tells(name: str, host: str, tmp_path: Path) -> None:
    """Each row of the README's table, asked for on the wire."""
    async with AsyncExitStack() as stack:
        flags = [f"{service}={await stack.enter_async_context(echo(service))}" for service in examples.services(name)]
        front = await stack.enter_async_context(example(name, tmp_path, flags=flags))
        for row, backend in examples.requests(name):
            words = re.findall(r"`([^`]+)`", row)
            target = (host, words[0]) if host else (words[0], words[1] if len(words) > 1 else "/")
            assert (*target, await backend_of(front, *target)) == (*target, backend)


async def test_certificates_are_chosen_by_name(tmp_path: Path) -> None:
    """Each name of the README's table gets the certificate that the table tells."""
    rows = re.findall(r"^\| `([\w.]+)`.*? \| `([\w-]+)`", examples.readme("tls"), re.MULTILINE)
    assert len(rows) == 3
    async with echo("web") as web, example("tls", tmp_path, flags=[f"web={web}"]) as front:
        for host, secret in rows:
            answer = await request(front.tls(sni=host), host=host)
            names = x509.load_der_x509_certificate(answer.certificate).subject.rfc4514_string()
            assert names == f"CN={secret.replace('wildcard', '*').replace('-', '.')}"


async def test_static_endpoints_take_turns(tmp_path: Path) -> None:
    """Both ready endpoints answer, and the one that is not ready is never asked."""
    async with echo("first") as first, echo("second") as second:
        ports = {"9001": first.rpartition(":")[2], "9002": second.rpartition(":")[2]}
        async with example("static-endpoints", tmp_path, ports=ports) as front:
            assert {await backend_of(front, "any.example", "/") for _ in range(20)} == {"first", "second"}


async def test_an_external_name_is_looked_up(tmp_path: Path) -> None:
    """Envoy finds the backend by DNS, at the targetPort."""
    async with echo("elsewhere") as elsewhere:
        ports = {"9001": elsewhere.rpartition(":")[2]}
        async with example("external-name", tmp_path, ports=ports) as front:
            assert await backend_of(front, "elsewhere.example.com", "/") == "elsewhere"


async def test_a_websocket_talks(tmp_path: Path) -> None:
    """The example's client reaches the example's server."""
    async with program("examples/websocket/server.py", "0") as line:
        address = re.search(r"127\.0\.0\.1:\d+", line)
        assert address, line
        async with example("websocket", tmp_path, flags=[f"chat={address[0]}"]) as front:
            assert await websocket_client.say(f"{front.address}:{front.http}", "hello") == "you said: hello"


async def test_a_grpc_call_is_answered(tmp_path: Path) -> None:
    """The example's client reaches the example's server."""
    server, port = grpc_server.serve(0)
    try:
        async with example("grpc", tmp_path, flags=[f"greeter=127.0.0.1:{port}"]) as front:
            address = f"{front.address}:{front.http}"
            assert await asyncio.to_thread(grpc_client.say_hello, address, "Hanako") == "Hello, Hanako"
    finally:
        server.stop(grace=None).wait()


async def test_what_is_right_in_the_mistakes_is_served(tmp_path: Path) -> None:
    """A mistake costs only itself."""
    async with echo("web") as web:
        manifests = examples.prepare("mistakes", tmp_path).rename(tmp_path / "manifests")
        service = manifests / "service.yaml"
        service.write_text(service.read_text().replace("9001", web.rpartition(":")[2]))
        async with serving(tmp_path) as serve:
            front = await serve.front("shop")
            assert front.https is None
            assert await backend_of(front, "shop.example.com", "/") == "web"
            for path in ("/cart", "/search"):
                assert (await request(front.plain, path, host="shop.example.com")).status == 503
            reasons = {"SecretNotFound", "ServicePortNotFound", "ServiceNotFound", "PathInvalid"}
            await until(lambda: reasons <= {event["reason"] for event in serve.events("shop")}, what="the Events")
