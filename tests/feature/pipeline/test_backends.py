"""Services and EndpointSlices of a manifest, on the wire: who is asked, in which protocol, and what a missing one costs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
import pytest_asyncio

from tests.feature.pipeline.asking import answered, becomes, put_backends, who
from tests.support.certificates import self_signed
from tests.support.client import request, websocket
from tests.support.load import Load, from_backends, under_load
from tests.support.manifests import Manifest, endpoint, endpoint_slice, ingress, path, rule, service, workload
from tests.support.processes import echo_program
from tests.support.serve import Front, Serve, serving
from tests.support.waiting import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def has_ipv6() -> bool:
    try:
        return free_port("::1") > 0
    except OSError:
        return False


async def serve_one(serve: Serve, name: str, objects: list[Manifest], port: int | str = 80) -> Front:
    """An Ingress whose only path goes to the Service of its own name."""
    serve.write(f"{name}.yaml", *objects, ingress(name, rule("", path("/", name, port))))
    return await serve.front(name)


@pytest.mark.parametrize(
    ("name", "port", "fields"),
    [
        pytest.param("by-number", 8000, {"port": 8000}, id="port by number"),
        pytest.param("by-name", "web", {"port": 8000, "port_name": "web"}, id="port by name"),
        pytest.param("target-number", 80, {"target_port": 9999}, id="targetPort by number"),
        pytest.param("target-name", 80, {"target_port": "http"}, id="targetPort by name"),
        pytest.param("headless", 80, {"clusterIP": "None"}, id="headless"),
    ],
)
async def test_ports(
    serve: Serve, addresses: dict[str, str], name: str, port: int | str, fields: dict[str, Any]
) -> None:
    """However the port is named, the slice of that Service port says where the endpoint listens."""
    front = await serve_one(serve, name, workload(name, addresses["red"], **fields), port)
    await becomes(front.plain, "red")


async def test_a_named_target_port_may_differ_from_slice_to_slice(serve: Serve, addresses: dict[str, str]) -> None:
    """Several slices are one Service, each with its own port number."""
    objects = workload("slices", addresses["red"], addresses["green"], target_port="http", port_name="web")
    front = await serve_one(serve, "slices", objects)
    assert {await who(front.plain) for _ in range(8)} == {"red", "green"}


async def test_ipv4_and_ipv6_endpoints_serve_together(serve: Serve) -> None:
    """Slices of both families."""
    if not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback address")
    async with echo_program("four", "six=[::1]:0") as both:
        front = await serve_one(serve, "dual", workload("dual", *both.values()))
        assert {await who(front.plain) for _ in range(8)} == {"four", "six"}


@pytest.mark.parametrize(
    ("name", "conditions", "answers"),
    [
        pytest.param("ready", ({"ready": True}, {"ready": False}), {"red"}, id="only ready ones"),
        pytest.param("unknown", ({}, {"ready": False}), {"red"}, id="unknown counts as ready"),
        pytest.param(
            "draining",
            ({"ready": False, "serving": True, "terminating": True}, {"ready": False, "serving": False}),
            {"red"},
            id="none ready: those that still serve",
        ),
        pytest.param(
            "beside",
            ({"ready": True}, {"ready": False, "serving": True, "terminating": True}),
            {"red"},
            id="a ready one beside a terminating one",
        ),
        pytest.param("none", ({"ready": False}, {"ready": False}), {"503"}, id="none at all"),
    ],
)
async def test_conditions_of_endpoints(
    serve: Serve,
    addresses: dict[str, str],
    name: str,
    conditions: tuple[dict[str, bool], dict[str, bool]],
    answers: set[str],
) -> None:
    """`ready`, `serving` and `terminating` as discovery.k8s.io/v1 says; red has the first, green the second set of conditions."""
    slices = [
        endpoint_slice(name, port_of(addresses[pod]), endpoint("127.0.0.1", **given), suffix=pod)
        for pod, given in zip(("red", "green"), conditions, strict=True)
    ]
    front = await serve_one(serve, name, [service(name), *slices])
    assert {await who(front.plain) for _ in range(6)} == answers
    if answers == {"503"}:
        await serve.event("NoReadyEndpoints", name)


async def test_endpoints_come_and_go(serve: Serve, addresses: dict[str, str]) -> None:
    """From none to one to another to none: the wire follows."""
    front = await serve_one(serve, "churn", [service("churn")])
    assert await who(front.plain) == "503"
    for pod in ("red", "green"):
        serve.write("churn-slice.yaml", *workload("churn", addresses[pod])[1:])
        await becomes(front.plain, pod)
    serve.remove("churn-slice.yaml")
    await becomes(front.plain, "503")


async def test_external_name(serve: Serve) -> None:
    """Reached by DNS at the port's number; the name is this machine's own here, in whichever family it is found."""
    port = free_port()
    both = [f"blue=127.0.0.1:{port}", *([f"blue6=[::1]:{port}"] if has_ipv6() else [])]
    external = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "external", "namespace": "default"},
        "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]},
    }
    async with echo_program(*both):
        front = await serve_one(serve, "external", [external], port)
        assert (await answered(front.plain)).received.name in {"blue", "blue6"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A backend that speaks TLS with a certificate that nobody knows."""
    files: tuple[Path, Path] = self_signed("backend.test").write(tmp_path_factory.mktemp("tls"))
    async with echo_program("secured", tls=files) as found:
        yield found["secured"]


@pytest.mark.parametrize(
    ("app_protocol", "tls", "proto"),
    [
        ("", False, "HTTP/1.1"),
        ("http", False, "HTTP/1.1"),
        ("https", True, "HTTP/1.1"),
        ("kubernetes.io/h2c", False, "HTTP/2.0"),
        ("kubernetes.io/ws", False, "HTTP/1.1"),
        ("kubernetes.io/wss", True, "HTTP/1.1"),
        ("grpc", False, "HTTP/2.0"),
    ],
)
async def test_app_protocol(
    serve: Serve, addresses: dict[str, str], secured: str, *, app_protocol: str, tls: bool, proto: str
) -> None:
    """What is spoken to the backend follows the Service port; TLS is unverified and that is said."""
    name = f"app-{app_protocol.translate(str.maketrans('./', '--')) or 'none'}"
    backend = secured if tls else addresses["red"]
    front = await serve_one(serve, name, workload(name, backend, app_protocol=app_protocol))
    received = (await answered(front.plain)).received
    assert (received.proto, received.tls) == (proto, tls)
    if tls:
        event = await serve.event("BackendTLSUnverified", name)
        assert event["type"] == "Normal"
    if app_protocol.endswith(("ws", "wss")):
        async with websocket(front.plain) as session:
            await session.send_str("hi")
            assert await session.receive_str() == f"{received.name}: hi"


async def test_grpc(serve: Serve, addresses: dict[str, str]) -> None:
    """A call by a real gRPC client, which succeeds only with the status in the trailers; a stream of messages too."""
    front = await serve_one(serve, "grpc", workload("grpc", addresses["red"], app_protocol="grpc"))
    await becomes(front.plain, "red")
    options = [("grpc.default_authority", "grpc.test")]
    async with grpc.aio.insecure_channel(f"{front.address}:{front.http}", options=options) as channel:
        method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/pkg.Service/Method")
        call = method(b"hello", timeout=5)
        assert await call == b"hello"
        assert await call.code() is grpc.StatusCode.OK
        assert dict(await call.initial_metadata())["x-name"] == "red"
        messages = [b"one", b"two", b"x" * 100_000]
        streaming: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream("/pkg.Service/Stream")
        assert [message async for message in streaming(iter(messages), timeout=5)] == messages


async def test_what_is_missing_costs_only_its_path(serve: Serve, addresses: dict[str, str]) -> None:
    """Service, port, endpoints, a resource: 503 there, the rest serves, and each is named by an Event."""
    put_backends(serve, addresses)
    resource = {"path": "/resource", "pathType": "Prefix", "backend": {"resource": {"kind": "Bucket", "name": "b"}}}
    serve.write(
        "missing.yaml",
        service("idle"),
        ingress(
            "missing",
            rule(
                "",
                path("/", "red"),
                path("/service", "nobody"),
                path("/port", "red", 81),
                path("/name", "red", "nothing"),
                path("/idle", "idle"),
                resource,
            ),
        ),
    )
    front = await serve.front("missing")
    await becomes(front.plain, "red")
    for asked in ("/service", "/port", "/name", "/idle", "/resource"):
        assert await who(front.plain, asked) == "503", asked
    for reason, text in (
        ("ServiceNotFound", "nobody"),
        ("ServicePortNotFound", "81"),
        ("ServicePortNotFound", "nothing"),
        ("NoReadyEndpoints", "idle"),
        ("ResourceBackendUnsupported", "Bucket"),
    ):
        await serve.event(reason, "missing", text=text)
    serve.write("nobody.yaml", *workload("nobody", addresses["green"]))
    await becomes(front.plain, "green", "/service")


@pytest.mark.parametrize(("method", "times"), [("GET", b"2"), ("PUT", b"2"), ("POST", b"1"), ("PATCH", b"1")])
async def test_a_reset_after_the_request_is_retried_for_idempotent_methods_only(
    serve: Serve, addresses: dict[str, str], method: str, times: bytes
) -> None:
    """Once more for GET and PUT; what might be done twice is never sent twice."""
    front = await serve_one(serve, "reset", workload("reset", addresses["red"]))
    await becomes(front.plain, "red")
    key = f"{method}-{id(serve)}"
    answer = await request(front.plain, f"/?reset=before&count={key}", method=method)
    assert answer.status == 503
    assert (await request(front.plain, f"/-/count/{key}")).body == times


async def test_a_dead_endpoint_beside_a_live_one_costs_nothing(serve: Serve, addresses: dict[str, str]) -> None:
    """A refused connection is tried once more, elsewhere, whatever the method."""
    async with echo_program("dying") as dying:
        dead = dying["dying"]
    front = await serve_one(serve, "half", workload("half", addresses["red"], dead))
    answers = await asyncio.gather(*(request(front.plain, method="POST", body=b"x") for _ in range(30)))
    assert {answer.status for answer in answers} == {200}


async def test_backends_that_hang_up_on_idle_connections_lose_nothing(serve: Serve) -> None:
    """The backend closes after 20 ms without a request: many requests meet the closing, none is lost."""
    async with echo_program("idle", keepalive=0.02) as backend:
        front = await serve_one(serve, "hangup", workload("hangup", backend["idle"]))
        await becomes(front.plain, "idle")
        load = Load("idle", front.plain, from_backends({"idle"}), host="h", rate=150, connections=3)
        [tally] = await under_load([load], lambda: asyncio.sleep(0.05), at_least=400)
    assert not tally.losses, tally


async def test_backend_option_replaces_endpoints(tmp_path: Path, addresses: dict[str, str]) -> None:
    """`--backend SERVICE=HOST:PORT` serves a Service that has no EndpointSlice, or instead of those it has."""
    async with serving(tmp_path, backends=[f"web={addresses['blue']}"]) as serve:
        serve.write("web.yaml", *workload("web", addresses["red"]), ingress("web", rule("", path("/", "web"))))
        front = await serve.front("web")
        await becomes(front.plain, "blue")
