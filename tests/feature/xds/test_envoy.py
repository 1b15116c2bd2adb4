"""What the order of messages is for, seen on a real Envoy and on its wire."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest_asyncio
from envoy.config.cluster.v3.cluster_pb2 import Cluster

from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl, versioned
from genkan.ir import Traffic
from tests.feature.xds.rig import UNIT, Rig, rig
from tests.support.echo import Echo
from tests.support.load import Load, from_backends, under_load
from tests.support.traffic import cluster, endpoints, host, route, traffic
from tests.support.waiting import until


@pytest_asyncio.fixture
async def web() -> AsyncIterator[Echo]:
    async with Echo("web") as echo:
        yield echo


def _traffic(*names: str, timeout: float = 5.0) -> Traffic:
    """A path for each of these clusters."""
    clusters = tuple(cluster(name, connect_timeout=timeout) for name in names)
    return traffic(host("*", *(route(f"/{name}", name) for name in names)), clusters=clusters)


def _snapshot(plane: Rig, web: Echo, *names: str, timeout: float = 5.0) -> Snapshot:
    return plane.snapshot(_traffic(*names, timeout=timeout), *(endpoints(name, web.address) for name in names))


async def _quiet(plane: Rig) -> None:
    """Nothing waits for an answer that never comes."""
    found = await plane.stats("warming|rejected")
    assert {name: value for name, value in found.items() if value} == {}


async def test_a_changed_timeout_is_effective_within_200_ms(web: Echo) -> None:
    """A changed cluster has its endpoints beside it; one that has to wait for them takes for ever."""
    async with rig() as plane:
        await plane.publish(_snapshot(plane, web, "a", "b"))
        took = []
        for seconds in range(1, 8):
            began = time.monotonic()
            plane.server.set_snapshot(UNIT, _snapshot(plane, web, "a", "b", timeout=float(seconds)))

            async def effective(wanted: str = f"{seconds}s") -> bool:
                dump = await plane.admin("/config_dump?resource=dynamic_active_clusters")
                return all(one["cluster"]["connect_timeout"] == wanted for one in dump["configs"])

            await until(effective, interval=0.005)
            took.append(time.monotonic() - began)
            assert await plane.get("/a") == 200
            await plane.acknowledged()
        assert sorted(took)[len(took) // 2] < 0.2, took
        await _quiet(plane)


async def test_a_new_route_is_never_answered_503_and_neither_is_its_removal(web: Echo) -> None:
    """Make before break: 404, then 200, then 404, and the other path is never touched."""
    async with rig() as plane:
        old, new = _snapshot(plane, web, "a"), _snapshot(plane, web, "a", "b", timeout=4.0)
        await plane.publish(old)
        seen: set[int] = set()
        stop = asyncio.Event()

        async def poll() -> None:
            while not stop.is_set():
                seen.add(await plane.get("/b"))

        async def come_and_go() -> None:
            await plane.publish(new)
            await until(lambda: 200 in seen)
            await plane.publish(old)
            assert await plane.get("/b") == 404

        poller = asyncio.create_task(poll())
        load = Load("a", plane.target, from_backends({"web"}), host="x.example", path="/a", rate=400)
        try:
            (tally,) = await under_load([load], come_and_go, at_least=600)
        finally:
            stop.set()
            await poller
        assert tally.losses == []
        assert seen == {404, 200}
        await _quiet(plane)


async def test_a_refusal_keeps_what_runs_and_names_envoys_words_while_the_good_apply(web: Echo) -> None:
    """One bad cluster among good ones, of a kind that Envoy finds while decoding: all others arrive, routes go on."""
    async with rig() as plane:
        await plane.publish(_snapshot(plane, web, "a", "b"))
        wanted = _snapshot(plane, web, "a", "b", "c", "d", "e", timeout=3.0)
        clusters = dict(wanted.of(TypeUrl.CLUSTER))
        broken = Cluster.FromString(clusters["b"].body.value)
        broken.connect_timeout.seconds = -1
        clusters["b"] = versioned(broken)
        plane.server.set_snapshot(UNIT, Snapshot({**wanted.resources, TypeUrl.CLUSTER: clusters}))
        state = await plane.server.wait(UNIT, lambda state: bool(state.rejections), 10)
        assert [one.resource for one in state.rejections] == ["cluster b"]
        assert state.rejections[0].message.startswith("Invalid duration: Expected positive duration")
        assert not state.acknowledged

        async def good_ones() -> bool:
            return [await plane.get(f"/{name}") for name in "abcde"] == [200] * 5

        await until(good_ones)
        responses = plane.server.counters.responses
        assert plane.server.counters.refusals < 8
        await plane.publish(wanted)
        assert plane.server.state(UNIT).rejections == ()
        assert plane.server.counters.responses - responses < 6


async def test_a_new_server_resends_nothing_and_loses_nothing(web: Echo) -> None:
    """Versions are hashes: Envoy says what it has, a server that knows nothing but the manifests finds it right."""
    async with rig() as plane:
        snapshot = _snapshot(plane, web, "a", "b")
        await plane.publish(snapshot)
        before = await plane.stats("update_success|draining|listener_(added|modified|removed)")

        async def restart() -> None:
            await plane.server.stop()
            await plane.start()
            await plane.server.wait(UNIT, lambda state: state.connected, 10)
            assert not plane.server.state(UNIT).acknowledged, "nothing is known of it yet"
            plane.server.set_snapshot(UNIT, snapshot)
            await plane.acknowledged()
            assert plane.server.counters.responses == 0

        load = Load("a", plane.target, from_backends({"web"}), host="x.example", path="/a", rate=400)
        (tally,) = await under_load([load], restart, at_least=500)
        assert tally.losses == []
        assert await plane.stats("update_success|draining|listener_(added|modified|removed)") == before


async def test_a_new_server_sends_what_differs_and_removes_what_is_gone(web: Echo) -> None:
    """What changed while nobody was there, in the same order as ever; a changed cluster does not wait for its endpoints."""
    async with rig() as plane:
        await plane.publish(_snapshot(plane, web, "a", "b", "c"))
        await plane.server.stop()
        now = plane.snapshot(
            traffic(
                host("*", route("/a", "a"), route("/c", "c")),
                clusters=(cluster("a", connect_timeout=2.0), cluster("c")),
            ),
            endpoints("a", web.address),
            endpoints("c", web.address),
        )
        await plane.start(now)
        await plane.acknowledged()
        assert [await plane.get(path) for path in ("/a", "/b", "/c")] == [200, 404, 200]
        dump = await plane.admin("/config_dump?resource=dynamic_active_clusters")
        assert sorted(one["cluster"]["name"] for one in dump["configs"]) == ["a", "c"]
        # Cluster a with its endpoints, the routes, the removal of b and at most of its endpoints.
        assert plane.server.counters.responses <= 5
        await _quiet(plane)


async def test_200_rapid_snapshots_end_with_the_last(web: Echo) -> None:
    """The latest wins; what came in between need not be sent."""
    async with rig() as plane:
        await plane.publish(_snapshot(plane, web, "a"))
        for number in range(200):
            names = ["a", *(name for bit, name in enumerate("bcdef") if number >> bit & 1)]
            plane.server.set_snapshot(UNIT, _snapshot(plane, web, *names, timeout=1.0 + number % 3))
            await asyncio.sleep(0)
        await plane.acknowledged()
        expected = {"a": 200} | {name: 200 if 199 >> bit & 1 else 404 for bit, name in enumerate("bcdef")}
        assert {name: await plane.get(f"/{name}") for name in expected} == expected
        assert plane.server.counters.refusals == 0
        await _quiet(plane)


async def test_a_stopping_server_is_gone_within_a_second_and_envoy_sees_it(web: Echo) -> None:
    """Open streams are ended, not left hanging."""
    async with rig() as plane:
        await plane.publish(_snapshot(plane, web, "a"))
        began = time.monotonic()
        await plane.server.stop()
        assert time.monotonic() - began < 1

        async def seen() -> bool:
            return (await plane.stats("^control_plane.connected_state$")) == {"control_plane.connected_state": 0}

        await until(seen, 2)
        assert await plane.get("/a") == 200
