"""One `genkan serve` and a few backends for each module of the folder."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.pipeline.asking import BACKENDS
from tests.support.processes import echo_program
from tests.support.serve import Serve, serving


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def addresses() -> AsyncIterator[dict[str, str]]:
    """HOST:PORT of each backend."""
    async with echo_program(*BACKENDS) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def serve(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Serve]:
    async with serving(tmp_path_factory.mktemp("pipeline")) as running:
        yield running
