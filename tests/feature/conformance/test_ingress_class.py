"""An Ingress of somebody else's class is left alone (1 scenario)."""

import pytest

from tests.feature.conformance.cluster import Backend, ClusterUnderTest
from tests.support.manifests import backend, ingress

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_unknown_class_gets_no_address(cluster: ClusterUnderTest) -> None:
    """Its status stays empty, while one of our class, made before it, gets its address in a fraction of that time."""
    service = {"echo-service": Backend()}
    await cluster.deploy(ingress("ours", default=backend("echo-service", 8080)), service)
    stranger = ingress("theirs", default=backend("echo-service", 8080), ingress_class="some-invalid-class-name")
    assert await cluster.never_gets_an_address(stranger, seconds=3)
