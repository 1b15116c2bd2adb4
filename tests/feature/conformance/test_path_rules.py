"""Exact and Prefix paths, alone, together and with trailing slashes (16 scenarios)."""

import pytest
import pytest_asyncio

from tests.feature.conformance.cluster import Backend, ClusterUnderTest
from tests.support.client import request
from tests.support.manifests import ingress, path, rule
from tests.support.serve import Front

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXACT, PREFIX, MIXED, SLASH = "exact-path-rules", "prefix-path-rules", "mixed-path-rules", "trailing-slash-path-rules"
SERVICES = (
    "foo-exact",
    "foo-prefix",
    "aaa-prefix",
    "aaa-slash-bbb-prefix",
    "aaa-slash-bbb-slash-prefix",
    "foo-slash-exact",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(cluster: ClusterUnderTest) -> Front:
    manifest = ingress(
        "path-rules",
        rule(EXACT, path("/foo", "foo-exact", 8080, "Exact")),
        rule(
            PREFIX,
            path("/foo", "foo-prefix", 8080),
            path("/aaa/bbb", "aaa-slash-bbb-prefix", 8080),
            path("/aaa", "aaa-prefix", 8080),
        ),
        rule(MIXED, path("/foo", "foo-prefix", 8080), path("/foo", "foo-exact", 8080, "Exact")),
        rule(
            SLASH,
            path("/aaa/bbb/", "aaa-slash-bbb-slash-prefix", 8080),
            path("/foo/", "foo-slash-exact", 8080, "Exact"),
        ),
    )
    return await cluster.deploy(manifest, dict.fromkeys(SERVICES, Backend()))


@pytest.mark.parametrize(
    ("host", "asked", "service"),
    [
        pytest.param(EXACT, "/foo", "foo-exact", id="Exact matches itself"),
        pytest.param(EXACT, "/foo/", None, id="Exact refuses a trailing slash"),
        pytest.param(EXACT, "/FOO", None, id="Exact is case-sensitive"),
        pytest.param(EXACT, "/bar", None, id="Exact refuses another path"),
        pytest.param(PREFIX, "/foo", "foo-prefix", id="Prefix matches itself"),
        pytest.param(PREFIX, "/foo/", "foo-prefix", id="Prefix matches with a trailing slash"),
        pytest.param(PREFIX, "/FOO", None, id="Prefix is case-sensitive"),
        pytest.param(PREFIX, "/aaa/bbb", "aaa-slash-bbb-prefix", id="the longer Prefix wins"),
        pytest.param(PREFIX, "/aaa/bbb/ccc", "aaa-slash-bbb-prefix", id="the longer Prefix wins for what is below"),
        pytest.param(PREFIX, "/aaa/ccc", "aaa-prefix", id="the shorter Prefix takes the rest"),
        pytest.param(PREFIX, "/aaaccc", None, id="Prefix compares whole elements"),
        pytest.param(PREFIX, "/foo/", "foo-prefix", id="Prefix ignores the request's trailing slash"),
        pytest.param(MIXED, "/foo", "foo-exact", id="Exact wins over Prefix"),
        pytest.param(SLASH, "/aaa/bbb/", "aaa-slash-bbb-slash-prefix", id="Prefix with a slash matches itself"),
        pytest.param(SLASH, "/aaa/bbb", "aaa-slash-bbb-slash-prefix", id="Prefix with a slash matches without"),
        pytest.param(SLASH, "/foo", None, id="Exact with a slash refuses without"),
    ],
)
async def test_the_path_chooses_the_service(
    cluster: ClusterUnderTest, front: Front, host: str, asked: str, service: str | None
) -> None:
    """The right Service answers, or 404 when no rule matches."""
    answer = await request(front.plain, asked, host=host)
    if service is None:
        assert answer.status == 404
    else:
        assert cluster.served_by(answer).service == service
        assert (answer.received.host, answer.received.path) == (host, asked)
