"""Rules for an exact host and for a wildcard host, and a certificate for one of them (6 scenarios)."""

import socket
import ssl

import pytest
import pytest_asyncio

from tests.feature.conformance.cluster import Backend, ClusterUnderTest
from tests.support.certificates import Pair, names_in, self_signed
from tests.support.client import request
from tests.support.manifests import ingress, path, rule
from tests.support.serve import Front

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def pair() -> Pair:
    return self_signed("foo.bar.com", algorithm="rsa", common_name="default")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(cluster: ClusterUnderTest, pair: Pair) -> Front:
    manifest = ingress(
        "host-rules",
        rule("*.foo.com", path("/", "wildcard-foo-com", 8080)),
        rule("foo.bar.com", path("/", "foo-bar-com", "http")),
    )
    manifest["spec"]["tls"] = [{"hosts": ["foo.bar.com"], "secretName": "conformance-tls"}]
    backends = {"wildcard-foo-com": Backend(), "foo-bar-com": Backend(port=8080, port_name="http")}
    return await cluster.deploy(manifest, backends, [pair.secret("conformance-tls")])


async def test_https_for_the_exact_host(cluster: ClusterUnderTest, front: Front, pair: Pair) -> None:
    """The certificate is the Secret's and covers the host; the request reaches the host's Service with its Host kept."""
    answer = await request(front.tls("foo.bar.com"), host="foo.bar.com")
    assert answer.certificate == pair.leaf
    assert names_in(answer.certificate)[0] == "foo.bar.com"
    assert cluster.served_by(answer).service == "foo-bar-com"
    assert answer.received.host == "foo.bar.com"
    _verify(front, pair, "foo.bar.com")


async def test_http_for_the_exact_host(cluster: ClusterUnderTest, front: Front) -> None:
    """A host with a certificate answers without TLS too."""
    answer = await request(front.plain, host="foo.bar.com")
    assert cluster.served_by(answer).service == "foo-bar-com"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("subdomain.bar.com", 404, id="below another domain"),
        pytest.param("bar.foo.com", 200, id="one label matches the wildcard"),
        pytest.param("baz.bar.foo.com", 404, id="two labels do not"),
        pytest.param("foo.com", 404, id="no label does not"),
    ],
)
async def test_the_wildcard_stands_for_one_label(
    cluster: ClusterUnderTest, front: Front, host: str, status: int
) -> None:
    """*.foo.com is one label and .foo.com: no more, no less."""
    answer = await request(front.plain, host=host)
    assert answer.status == status
    if status == 200:
        assert cluster.served_by(answer).service == "wildcard-foo-com"
        assert answer.received.host == host


def _verify(front: Front, pair: Pair, host: str) -> None:
    """Shake hands as a client that checks chain and host name does."""
    context = ssl.create_default_context(cadata=pair.chain.decode())
    target = front.tls(host)
    with (
        socket.create_connection((target.address, target.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        assert secured.version() in {"TLSv1.2", "TLSv1.3"}
