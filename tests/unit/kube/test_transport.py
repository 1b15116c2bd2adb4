"""HTTP to one API server: what is sent, what is not followed, what becomes of a failure."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from genkan.errors import ConfigError, TerminalError, TransientError
from genkan.kube import Connection, Transport, UnavailableError
from genkan.kube.auth import Certificate, FixedAuth, Grant
from genkan.kube.transport import IN_FLIGHT, PROBES, probing_socket
from tests.cluster.pki import Authority
from tests.support.kube_api import Answer, FakeApi, Stream
from tests.support.waiting import free_port, until

PATH = "/api/v1/services"


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    """One of its own."""
    async with FakeApi() as api:
        yield api


def to(api: FakeApi, **more: str | bool) -> Transport:
    return Transport(Connection(server=api.url, auth=FixedAuth(Grant("secret")), **more), agent="genkan/1")  # type: ignore[arg-type]


async def test_a_request_says_who_asks(api: FakeApi) -> None:
    """Token and agent; the query is encoded."""
    async with to(api) as transport:
        await transport.request("GET", PATH, query={"labelSelector": "a=b,c in (d)"})
    (request,) = api.requests
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["User-Agent"] == "genkan/1"
    assert "gzip" in request.headers["Accept-Encoding"]
    assert request.query == {"labelSelector": "a=b,c in (d)"}


async def test_compression_can_be_declined(api: FakeApi) -> None:
    """`disable-compression` of a kubeconfig."""
    async with to(api, compression=False) as transport:
        await transport.request("GET", PATH)
    assert api.requests[0].headers["Accept-Encoding"] == "identity"


async def test_a_redirect_is_not_followed(api: FakeApi) -> None:
    """The token would go where it leads."""
    api.fail("list", Answer(302, headers={"Location": f"{api.url}/elsewhere"}))
    async with to(api) as transport:
        with pytest.raises(TerminalError, match="302"):
            await transport.request("GET", PATH)
    assert len(api.requests) == 1


@pytest.mark.parametrize(("header", "expected"), [("7", 7.0), ("soon", None), ("", None), ("-1", None)])
async def test_retry_after(api: FakeApi, header: str, expected: float | None) -> None:
    """Seconds; anything else leaves the delay to the caller."""
    api.fail("list", Answer(429, "TooManyRequests", headers={"Retry-After": header} if header else {}))
    async with to(api) as transport:
        with pytest.raises(UnavailableError) as error:
            await transport.request("GET", PATH)
    assert error.value.retry_after == expected


async def test_nobody_there() -> None:
    """Says what was asked, and of whom."""
    connection = Connection(server=f"http://127.0.0.1:{free_port()}", auth=FixedAuth(Grant()))
    async with Transport(connection) as transport:
        with pytest.raises(TransientError, match=f"GET {PATH}: Cannot connect to host 127.0.0.1"):
            await transport.request("GET", PATH)


async def test_no_answer_in_time(api: FakeApi) -> None:
    """A request has an end."""
    api.fail("list", Stream(end="silence"))
    async with to(api) as transport:
        with pytest.raises(TransientError, match="no answer in time"):
            await transport.request("GET", PATH, seconds=0.05)


async def test_an_answer_cut_off(api: FakeApi) -> None:
    """Half an answer is none."""
    api.fail("list", Stream((b'{"items":[',), end="abort"))
    async with to(api) as transport:
        with pytest.raises(TransientError, match=f"GET {PATH}: "):
            await transport.request("GET", PATH)


async def test_requests_in_flight_are_bounded(api: FakeApi) -> None:
    """The rest waits for its turn."""
    api.fail_always("list", Stream(end="silence"))
    async with to(api) as transport:
        tasks = [asyncio.create_task(transport.request("GET", PATH, seconds=5)) for _ in range(IN_FLIGHT + 20)]
        await until(lambda: len(api.requests) == IN_FLIGHT)
        for task in tasks[:30]:
            task.cancel()
        await until(lambda: len(api.requests) == IN_FLIGHT + 20)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_connections_are_kept(api: FakeApi) -> None:
    """A handshake for each request would be most of its cost."""
    async with to(api) as transport:
        for _ in range(5):
            await transport.request("GET", PATH)
    assert len({request.peer for request in api.requests}) == 1


async def test_a_proxy_carries_requests(api: FakeApi) -> None:
    """`proxy-url` of a kubeconfig; the fake plays the proxy, and is asked for the whole address."""
    connection = Connection(server="http://k8s.example:6443", auth=FixedAuth(Grant()), proxy=api.url)
    async with Transport(connection) as transport:
        await transport.request("GET", PATH)
    assert api.requests[0].headers["Host"] == "k8s.example:6443"


async def test_the_server_may_go_by_another_name(tmp_path: Path) -> None:
    """`tls-server-name`: the certificate's name counts, not the address."""
    authority = Authority(tmp_path)
    authority.issue("server", "api", names=["api.example"])
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    async with FakeApi(tls=tls) as api:
        connection = Connection(server=api.url, auth=FixedAuth(Grant()), ca=authority.certificate)
        async with Transport(connection) as transport:
            with pytest.raises(TransientError, match="IP address mismatch"):
                await transport.request("GET", PATH)
        named = Connection(
            server=api.url, auth=FixedAuth(Grant()), ca=authority.certificate, tls_server_name="api.example"
        )
        async with Transport(named) as transport:
            await transport.request("GET", PATH)
        unverified = Connection(server=api.url, auth=FixedAuth(Grant()), verify=False)
        async with Transport(unverified) as transport:
            await transport.request("GET", PATH)


@pytest.mark.parametrize(
    ("ca", "certificate", "complaint"),
    [
        pytest.param(b"no pem", None, "the cluster's CA is no PEM certificate", id="ca"),
        pytest.param(None, Certificate(b"no", b"pem"), "client certificate and its key are not PEM", id="client"),
    ],
)
async def test_what_is_no_certificate_is_told(
    ca: bytes | None, certificate: Certificate | None, complaint: str
) -> None:
    """Before anything is sent, and without the key in the text."""
    connection = Connection(server="https://127.0.0.1:1", auth=FixedAuth(Grant(certificate=certificate)), ca=ca)
    async with Transport(connection) as transport:
        with pytest.raises(ConfigError, match=complaint):
            await transport.request("GET", PATH)


def test_quiet_connections_are_probed() -> None:
    """The kernel looks whether the peer is there while a watch says nothing."""
    with probing_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))) as made:
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert {option: made.getsockopt(socket.IPPROTO_TCP, option) for option in PROBES} == PROBES
