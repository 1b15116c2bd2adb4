"""An Ingress that is nothing but a default backend: every request reaches it, unchanged (6 scenarios)."""

import pytest
import pytest_asyncio

from tests.feature.conformance.cluster import Backend, ClusterUnderTest
from tests.support.client import request
from tests.support.manifests import backend, ingress
from tests.support.serve import Front

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGENT = "Conformance-Client/1.0"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(cluster: ClusterUnderTest) -> Front:
    manifest = ingress("default-backend", default=backend("echo-service", 8080))
    return await cluster.deploy(manifest, {"echo-service": Backend()})


@pytest.mark.parametrize(
    ("method", "host", "path"),
    [
        pytest.param("GET", "my-host", "/", id="GET of the root"),
        pytest.param("GET", "my-host", "/sub-path", id="GET of a path"),
        pytest.param("POST", "some-host", "/", id="POST"),
        pytest.param("PUT", "", "/resource", id="PUT without a host name"),
        pytest.param("DELETE", "some-host", "/resource", id="DELETE"),
        pytest.param("PATCH", "my-host", "/resource", id="PATCH"),
    ],
)
async def test_every_request_reaches_the_backend(
    cluster: ClusterUnderTest, front: Front, method: str, host: str, path: str
) -> None:
    """200 over HTTP/1.1 with the usual headers; the backend sees method, path, protocol and client as they were sent."""
    body = b"" if method in {"POST", "PUT", "PATCH"} else None
    answer = await request(front.plain, path, host=host, method=method, headers={"User-Agent": AGENT}, body=body)
    assert (answer.status, answer.version) == (200, "HTTP/1.1")
    assert cluster.served_by(answer).service == "echo-service"
    for name in ("Content-Length", "Content-Type", "Date", "Server"):
        assert answer.header(name), name
    received = answer.received
    assert (received.method, received.path, received.proto) == (method, path, "HTTP/1.1")
    assert received.host == (host or front.address)
    assert received.header("User-Agent") == AGENT
    assert received.header("Transfer-Encoding") is None
