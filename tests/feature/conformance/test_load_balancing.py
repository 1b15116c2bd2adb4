"""A Service of ten pods gets traffic on each of them (1 scenario)."""

import pytest

from tests.feature.conformance.cluster import Backend, ClusterUnderTest
from tests.support.client import request
from tests.support.manifests import backend, ingress
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

PODS = 10


async def test_a_hundred_requests_reach_ten_pods(cluster: ClusterUnderTest) -> None:
    """After scaling from one to ten, 100 requests are all answered, by exactly ten pods."""
    front = await cluster.deploy(
        ingress("load-balancing", default=backend("echo-service", 8080)), {"echo-service": Backend()}
    )
    await cluster.scale("echo-service", Backend(replicas=PODS))

    async def newest_answers() -> bool:
        answer = await request(front.plain)
        return cluster.served_by(answer).pod == f"echo-service-{PODS - 1}" if answer.status == 200 else False

    await until(newest_answers, 10, what="an answer of a new pod")
    answers = [await request(front.plain, host="load-balancing") for _ in range(100)]
    assert {answer.status for answer in answers} == {200}
    assert len({cluster.served_by(answer).pod for answer in answers}) == PODS
