"""Nothing that may happen to an Ingress costs a request (`make bench ARGS=loss` does the same with 50,000 requests each)."""

import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.disruptions import DISRUPTIONS, Disruption, Stage, disrupt, stage, status
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

REQUESTS = 2_000
RATES = (800.0, 400.0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("loss")) as everything:
        yield everything


@pytest.mark.parametrize("disruption", DISRUPTIONS, ids=lambda disruption: disruption.name)
async def test_no_request_is_lost(shop: Stage, disruption: Disruption) -> None:
    """Every request gets a whole, right answer from a right backend, on kept and on new connections."""
    tallies = await disrupt(shop, disruption, requests=REQUESTS, rates=RATES)
    for tally in tallies:
        assert tally.sent >= REQUESTS, tally
        assert not tally.losses, tally


async def test_the_same_load_sees_a_data_plane_that_dies(shop: Stage) -> None:
    """The counter-example: what cannot be lossless is counted, on kept and on new connections."""
    killed: list[int] = []

    async def kill(shop: Stage) -> None:
        if not killed:
            killed.append(shop.serve.data_planes()["default/shop"])
            os.kill(killed[0], signal.SIGKILL)
        await until(lambda: shop.serve.data_planes().get("default/shop") not in {None, *killed}, 15)
        await shop.shows("an answer of the new process", status(200))

    tallies = await disrupt(shop, Disruption("data plane killed", kill), requests=500, rates=RATES)
    assert all(tally.lost for tally in tallies), tallies
