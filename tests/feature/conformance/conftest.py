"""The cluster under test of the scenarios in this folder: one `genkan serve` for each module."""

import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.conformance.cluster import ClusterUnderTest, HostCluster
from tests.support.serve import serving


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClusterUnderTest]:
    async with (
        contextlib.AsyncExitStack() as stack,
        serving(tmp_path_factory.mktemp("conformance")) as serve,
    ):
        yield HostCluster(serve, stack)
