"""An Ingress that is deleted and created anew, while its old data plane is still finishing what it has begun."""

import asyncio

import pytest

from tests.feature.pipeline.asking import becomes, put_backends
from tests.support.client import request
from tests.support.manifests import backend, ingress
from tests.support.serve import Serve
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_recreated_ingress_does_not_wait_for_the_old_ones_clients(
    serve: Serve, addresses: dict[str, str]
) -> None:
    """The old one would have 30 seconds for its long request; the new one serves at the same address long before."""
    put_backends(serve, addresses)
    again = ingress("again", default=backend("red"))
    serve.write("again.yaml", again)
    front = await serve.front("again")
    await becomes(front.plain, "red")
    old = serve.data_planes()["default/again"]
    flight = asyncio.ensure_future(request(front.plain, "/?delay=25", timeout=40))
    serve.remove("again.yaml")
    await until(lambda: _refuses(front.address, front.http), what="the drain to begin")
    assert serve.data_planes()["default/again"] == old
    serve.write("again.yaml", again)
    await until(lambda: serve.data_planes().get("default/again", old) != old, 10, what="a new data plane")
    await becomes(front.plain, "red")
    with pytest.raises((OSError, EOFError)):
        await flight


async def _refuses(address: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(address, port)
    except ConnectionRefusedError:
        return True
    writer.close()
    await writer.wait_closed()
    return False
