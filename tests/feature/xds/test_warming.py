"""A server that dies between a changed cluster and its endpoints: the next one must know that Envoy waits."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
from envoy.service.discovery.v3 import ads_pb2_grpc
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest

from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl
from genkan.dataplanes.envoy.xds.stream import Stream
from genkan.dataplanes.envoy.xds.transport import unix_socket
from tests.feature.xds.rig import Rig, rig
from tests.support.echo import Echo
from tests.support.traffic import cluster, endpoints, host, route, traffic
from tests.support.waiting import until


class _Forgetful(ads_pb2_grpc.AggregatedDiscoveryServiceServicer):  # type: ignore[misc]
    """Sends everything but endpoints, as if it had died before."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    async def DeltaAggregatedResources(  # noqa: N802 - gRPC's name
        self, requests: AsyncIterator[DeltaDiscoveryRequest], context: grpc.aio.ServicerContext[Any, Any]
    ) -> None:
        machine = Stream(self._snapshot)
        async for request in requests:
            machine.on_request(request)
            for response in machine.due():
                if response.type_url != TypeUrl.ENDPOINTS:
                    await context.write(response)


def _snapshot(plane: Rig, web: Echo, timeout: float) -> Snapshot:
    wanted = traffic(host("*", route("/", "a")), clusters=(cluster("a", connect_timeout=timeout),))
    return plane.snapshot(wanted, endpoints("a", web.address))


async def test_a_cluster_left_warming_is_finished_by_the_next_server() -> None:
    """Envoy says that it has the endpoints, and waits for them: the old cluster serves until they come, the new one after."""
    async with Echo("web") as web, rig() as plane:
        await plane.publish(_snapshot(plane, web, 5.0))
        address = plane.address
        await plane.server.stop()
        changed = _snapshot(plane, web, 3.0)
        forgetful = grpc.aio.server()
        ads_pb2_grpc.add_AggregatedDiscoveryServiceServicer_to_server(_Forgetful(changed), forgetful)
        unix_socket(forgetful, address)
        await forgetful.start()

        async def warming() -> int:
            return (await plane.stats("^cluster_manager.warming_clusters$"))["cluster_manager.warming_clusters"]

        try:
            await until(warming)
            assert await plane.get("/") == 200
        finally:
            await forgetful.stop(0)
        await plane.start(changed)
        await plane.acknowledged()
        assert await warming() == 0
        assert await plane.get("/") == 200
        dump = await plane.admin("/config_dump?resource=dynamic_active_clusters")
        assert [one["cluster"]["connect_timeout"] for one in dump["configs"]] == ["3s"]
