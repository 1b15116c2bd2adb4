"""What must hold when the API server, the network or a credential fails: one test for each row of the table.

The reflector's clock is the test's, so that back-off costs no time; the fake breaks what the row says.
"""

import asyncio
import json
import random
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from genkan.engine import Store
from genkan.errors import GenkanError, TransientError
from genkan.kube import Applier, Client, Connection, ExpiredError, Observer, Pace, Reflector, Selection, Transport
from genkan.kube.auth import FileAuth, FixedAuth, Grant
from genkan.model import ObjectKey
from tests.cluster.pki import Authority
from tests.contract.kube import CONFIG_MAPS, ConfigMap, Configs, config, create, data, running
from tests.support.kube_api import Answer, FakeApi, Stream
from tests.support.kube_api.clock import Clock
from tests.support.kube_api.faults import Lost, event, status
from tests.support.kube_api.objects import Place
from tests.support.waiting import until

CONFIGS = "api/v1/namespaces/shop/configmaps"
GONE = Answer(410, "Expired", "too old resource version")
GONE_EVENT = Stream((event("ERROR", status(410, "Expired", "too old resource version: 1 (2)")),))


class Watching:
    """A fake, a client, and a reflector of its ConfigMaps on a clock of the test's."""

    def __init__(self, api: FakeApi, client: Client) -> None:
        self.api, self.client = api, client
        self.clock = Clock()
        self.store: Configs = Store()
        self.changes: list[tuple[str, str | None]] = []
        self.troubles: list[GenkanError] = []
        self.bad: list[tuple[str, str]] = []
        self.store.subscribe(lambda key, _, new: self.changes.append((key.name, new.data["value"] if new else None)))

    def reflector(self, *, inactivity: float = 5.0, page: int = 500) -> Reflector[ObjectKey, ConfigMap]:
        """Make the reflector; nothing is asked yet."""
        observer: Observer[ObjectKey] = Observer(
            on_trouble=lambda error, _: self.troubles.append(error),
            on_bad_item=lambda key, error: self.bad.append((key.name, error)),
        )
        return Reflector(
            self.client, CONFIG_MAPS, ConfigMap, self.store, ObjectKey,
            pace=Pace(inactivity=inactivity, page=page), observer=observer,
            clock=self.clock, sleep=self.clock.sleep, rng=random.Random(7),
        )  # fmt: skip

    def put(self, name: str, value: str) -> None:
        """Write as another client would."""
        self.api.put(f"{CONFIGS}/{name}", config(name, "shop", value))

    async def sees(self, **values: str) -> None:
        """Wait until the store holds just this."""
        await until(lambda: data(self.store) == values, what=str(values))

    async def asked(self, verb: str, times: int) -> None:
        """Wait until the fake was asked that often."""
        await until(lambda: len(self.api.asked(verb)) >= times, what=f"{times} times {verb}")

    def versions(self) -> list[str]:
        """From which version each watch was asked for."""
        return [one.query["resourceVersion"] for one in self.api.asked("watch")]


@pytest.fixture
async def watching() -> AsyncIterator[Watching]:
    """With two objects to begin with."""
    async with FakeApi() as api, Transport(Connection(server=api.url, auth=FixedAuth(Grant()))) as transport:
        watching = Watching(api, Client(transport))
        watching.put("a", "1")
        watching.put("b", "1")
        yield watching


@pytest.mark.parametrize("gone", [pytest.param(GONE, id="as-status"), pytest.param(GONE_EVENT, id="as-error-event")])
async def test_410_leads_to_a_new_list_that_finds_deletions(watching: Watching, gone: Answer | Stream) -> None:
    """Never the same version again; what was deleted in the gap is deleted, and nothing else is told."""
    async with running(watching.reflector()):
        await watching.asked("watch", 1)
        watching.changes.clear()
        watching.api.fail("watch", gone)
        # In this order and without a pause between: the watch ends before it can tell of the deletion.
        watching.api.end_watches()
        watching.api.delete(f"{CONFIGS}/a")
        watching.api.objects.compact()
        await watching.sees(b="1")
        await watching.asked("watch", 3)
    first, second, third = watching.versions()
    assert first == second != third
    assert watching.changes == [("a", None)]
    assert [type(one) for one in watching.troubles] == [ExpiredError]
    assert len(watching.api.asked("list")) == 2


async def test_410_for_ever_does_not_spin(watching: Watching) -> None:
    """Lists that always end in 410 back off like any failure."""
    watching.api.fail_always("watch", GONE_EVENT)
    async with running(watching.reflector()):
        await watching.asked("watch", 12)
    assert_backs_off(watching, "list")


async def test_an_expired_continue_leads_to_one_whole_list(watching: Watching) -> None:
    """Paging that took too long is not begun again, since it would take too long again."""
    watching.put("c", "1")
    page = watching.api.objects.list
    watching.api.fail("list", Answer(200, body=_json(page(_place(), {"limit": "2"}))))
    watching.api.objects.pages.clear()
    watching.api.delete(f"{CONFIGS}/a")
    async with running(watching.reflector(page=2)):
        await watching.sees(b="1", c="1")
    assert ("a", "1") not in watching.changes
    first, second, third = [one.query for one in watching.api.asked("list")]
    assert first["limit"] == "2"
    assert "continue" in second
    assert third == {}


async def test_a_watch_closed_at_once_does_not_spin(watching: Watching) -> None:
    """Each round costs a delay that grows; the version is kept, so that nothing is listed again."""
    watching.api.fail_always("watch", Stream())
    async with running(watching.reflector()):
        await watching.asked("watch", 12)
        watching.api.fail_always("watch", None)
        watching.put("a", "2")
        await watching.sees(a="2", b="1")
    assert_backs_off(watching, "watch")
    assert len(watching.api.asked("list")) == 1
    assert len(set(watching.versions())) == 1


async def test_a_watch_that_lived_costs_no_delay(watching: Watching) -> None:
    """The server ends watches all the time; after a healthy one the next begins at once, and failures are forgotten."""
    watching.api.fail("watch", Stream(), times=6)
    watching.api.fail("watch", Stream(end="silence"))
    reflector = watching.reflector(inactivity=0.2)
    async with running(reflector):
        await watching.asked("watch", 7)
        watching.clock.now += 60.0
        await watching.asked("watch", 8)
    assert watching.clock.slept[5] > 0.5
    assert watching.clock.slept[6] <= 0.5


async def test_silent_tcp_death_is_noticed(watching: Watching) -> None:
    """No byte for longer than bookmarks take ends the watch, and the next one tells what was missed."""
    watching.api.fail("watch", Stream(end="silence"))
    async with running(watching.reflector(inactivity=0.1)):
        await watching.asked("watch", 1)
        watching.put("a", "2")
        await watching.sees(a="2", b="1")
    assert len(watching.api.asked("list")) == 1
    assert isinstance(watching.troubles[0], TransientError)


async def test_429_is_waited_for_as_asked(watching: Watching) -> None:
    """Retry-After is the least; all that were turned away do not come back in the same moment."""
    watching.api.fail("list", Answer(429, "TooManyRequests", headers={"Retry-After": "7"}), times=2)
    async with running(watching.reflector()):
        await watching.sees(a="1", b="1")
    first, second = watching.clock.slept[:2]
    assert 7.0 < first < 8.0
    assert 7.0 < second < 9.0


@pytest.mark.parametrize("code", [500, 502, 503, 504])
async def test_5xx_is_tried_again(watching: Watching, code: int) -> None:
    """A proxy's page in place of a Status as well."""
    watching.api.fail("list", Answer(code, body=b"<html>Bad Gateway</html>"), times=3)
    async with running(watching.reflector()):
        await watching.sees(a="1", b="1")
    assert [str(code) in str(one) and "Bad Gateway" in str(one) for one in watching.troubles] == [True] * 3


async def test_403_is_told_and_tried_again(watching: Watching) -> None:
    """Rights may be granted later: no reflector gives up."""
    watching.api.fail("list", Answer(403, "Forbidden", 'configmaps is forbidden: User "x" cannot list'), times=2)
    async with running(watching.reflector()):
        await watching.sees(a="1", b="1")
    assert "is forbidden" in str(watching.troubles[0])


async def test_a_list_cut_off_changes_nothing(watching: Watching) -> None:
    """Half a list would look like deletions."""
    async with running(watching.reflector(page=1)):
        await watching.sees(a="1", b="1")
        watching.changes.clear()
        watching.put("c", "1")
        await watching.sees(a="1", b="1", c="1")
        for _ in range(2):
            watching.api.fail("list", Stream((b'{"metadata":{"resourceVersion":"5"},"items":[',), end="abort"))
        watching.api.fail("list", Stream((b'{"metadata":{},"items":[]}',)))
        watching.api.compact()
        await watching.asked("list", 6)
        await watching.asked("watch", 2)
    assert watching.changes == [("c", "1")]


async def test_a_chunk_cut_off_loses_no_event(watching: Watching) -> None:
    """Half an event is dropped; the watch goes on from the last whole one."""
    first = watching.api.put(f"{CONFIGS}/a", config("a", "shop", "2"))
    second = watching.api.put(f"{CONFIGS}/a", config("a", "shop", "3"))
    before = str(int(first["metadata"]["resourceVersion"]) - 1)
    body = {"metadata": {"resourceVersion": before}, "items": []}
    watching.api.fail("list", Answer(200, body=_json(body)))
    whole, half = event("MODIFIED", first), event("MODIFIED", second)[:80]
    watching.api.fail("watch", Stream((whole + half,), end="abort"))
    async with running(watching.reflector()):
        await watching.sees(a="3")
    assert watching.versions()[:2] == [before, first["metadata"]["resourceVersion"]]


async def test_long_lines_and_small_chunks_are_read(watching: Watching) -> None:
    """An object of megabytes in one line, and a line in single bytes."""
    large = config("large", "shop", "x" * 3_000_000) | {"metadata": _meta("large", "5000")}
    small = config("small", "shop", "y") | {"metadata": _meta("small", "5001")}
    chunks = tuple(bytes([one]) for one in event("ADDED", small))
    watching.api.fail("watch", Stream((event("ADDED", large), *chunks), end="silence"))
    async with running(watching.reflector()):
        await until(lambda: len(watching.store) == 4)
    assert len(watching.changes[2][1] or "") == 3_000_000


async def test_bookmarks_move_the_version(watching: Watching) -> None:
    """So that a quiet kind does not expire: after a break the watch goes on from the bookmark."""
    async with running(watching.reflector()):
        await watching.asked("watch", 1)
        watching.api.put("api/v1/namespaces/shop/secrets/other", {"metadata": {}})
        last = str(watching.api.objects.version)
        watching.api.bookmark()
        await until(lambda: watching.api.bookmarked)
        watching.api.end_watches()
        await watching.asked("watch", 2)
    assert watching.versions()[1] == last
    assert len(watching.api.asked("list")) == 1


async def test_a_bad_item_is_told_and_stalls_nobody(watching: Watching) -> None:
    """In a list and in a watch: its neighbours arrive, its last good value stays, and it is told once for each state."""
    bad = {"metadata": {"namespace": "shop"}, "data": {"value": ["no", "text"]}}
    watching.api.put(f"{CONFIGS}/never-good", bad)
    reflector = watching.reflector()
    async with running(reflector):
        await watching.sees(a="1", b="1")
        assert [name for name, _ in watching.bad] == ["never-good"]
        watching.api.put(f"{CONFIGS}/a", bad)
        watching.put("b", "2")
        await watching.sees(a="1", b="2")
        watching.api.compact()
        await watching.asked("list", 2)
        watching.put("b", "3")
        await watching.sees(a="1", b="3")
        assert [name for name, _ in watching.bad] == ["never-good", "a"]
        assert "Expected `str`, got `array`" in watching.bad[1][1]
        watching.put("a", "4")
        await watching.sees(a="4", b="3")
        assert [key.name for key in reflector.bad] == ["never-good"]
        watching.api.delete(f"{CONFIGS}/never-good")
        await until(lambda: not reflector.bad)


async def test_409_is_an_error_of_its_own(watching: Watching) -> None:
    """The caller reads again and decides again; nothing is written over."""
    made = await create(watching.client, "shop", "c", "1")
    watching.put("c", "2")
    body = config("c", "shop", "3")
    body["metadata"] = {"name": "c", "namespace": "shop", "resourceVersion": made.metadata.resource_version}
    with pytest.raises(TransientError, match="409 Conflict"):
        await watching.client.replace(CONFIG_MAPS, "c", body, ConfigMap, namespace="shop")
    assert watching.api.objects.get(_place("c"))["data"] == {"value": "2"}


async def test_a_write_whose_answer_is_lost_can_be_repeated(watching: Watching) -> None:
    """Applying the same again after a cut connection is no second object and no second change."""
    applier = Applier(watching.client, "genkan")
    watching.api.fail("patch", Lost())
    with pytest.raises(TransientError):
        await applier.apply(CONFIG_MAPS, config("c", "shop", "1"), ConfigMap)
    version = watching.api.objects.version
    await applier.apply(CONFIG_MAPS, config("c", "shop", "1"), ConfigMap)
    assert watching.api.objects.version == version


async def test_a_rotated_token_is_taken_up(tmp_path: Path) -> None:
    """Read again each minute, and at once after a 401; the request that met the 401 succeeds."""
    file, clock = tmp_path / "token", Clock()
    file.write_text("old\n")
    async with FakeApi(tokens={"old"}) as api:
        connection = Connection(server=api.url, auth=FileAuth(token=file, clock=clock))
        async with Transport(connection) as transport:
            client = Client(transport)
            await client.page(CONFIG_MAPS)
            file.write_text("new\n")
            api.tokens = {"old", "new"}
            await client.page(CONFIG_MAPS)
            clock.now += 61
            await client.page(CONFIG_MAPS)
            file.write_text("newest\n")
            api.tokens = {"newest"}
            await client.page(CONFIG_MAPS)
    tokens = [one.headers["Authorization"].removeprefix("Bearer ") for one in api.requests]
    assert tokens == ["old", "old", "new", "new", "newest"]


async def test_a_refused_credential_is_asked_for_once(watching: Watching) -> None:
    """A 401 without a newer credential is told, not repeated."""
    watching.api.tokens = set()
    with pytest.raises(GenkanError, match="401 Unauthorized"):
        await watching.client.page(CONFIG_MAPS)
    assert len(watching.api.requests) == 1


async def test_a_client_certificate_is_shown_and_its_successor_too(tmp_path: Path) -> None:
    """From files that change: new connections show the new one."""
    authority = Authority(tmp_path)
    authority.issue("server", "api", names=["127.0.0.1"])
    authority.issue("client", "first")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=authority.certificate.decode())
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    clock = Clock()
    auth = FileAuth(chain=tmp_path / "client.crt", key=tmp_path / "client.key", clock=clock)
    async with (
        FakeApi(tls=tls) as api,
        Transport(Connection(server=api.url, auth=auth, ca=authority.certificate)) as transport,
    ):
        client = Client(transport)
        await client.page(CONFIG_MAPS)
        authority.issue("client", "second")
        clock.now += 61
        await client.page(CONFIG_MAPS)
    assert [one.client for one in api.requests] == ["first", "second"]


async def test_a_server_that_nobody_vouches_for_gets_no_token(tmp_path: Path) -> None:
    """The connection is refused before anything is sent."""
    authority, other = Authority(tmp_path / "one"), Authority(tmp_path / "other")
    authority.issue("server", "api", names=["127.0.0.1"])
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "one/server.crt", tmp_path / "one/server.key")
    async with FakeApi(tls=tls) as api:
        connection = Connection(server=api.url, auth=FixedAuth(Grant("secret")), ca=other.certificate)
        async with Transport(connection) as transport:
            with pytest.raises(TransientError, match="certificate verify failed"):
                await Client(transport).page(CONFIG_MAPS)
    assert api.requests == []


async def test_many_watches_leave_room_for_requests(watching: Watching) -> None:
    """Watches stay open: were they counted, a hundred of them would stop everything else."""
    changes = [
        watching.client.watch(CONFIG_MAPS, Selection(f"shop-{number}"), version="2000", seconds=30, inactivity=30)
        for number in range(120)
    ]
    tasks = [asyncio.ensure_future(anext(one)) for one in changes]
    await watching.asked("watch", 120)
    await watching.client.page(CONFIG_MAPS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for one in changes:
        await one.aclose()


def assert_backs_off(watching: Watching, verb: str) -> None:
    """One delay for each round, with ceilings that double up to the last."""
    slept = watching.clock.slept[:11]
    assert len(watching.api.asked(verb)) <= len(watching.clock.slept) + 2
    ceilings = [min(30.0, 0.5 * 2**count) for count in range(len(slept))]
    assert all(0 <= delay <= ceiling for delay, ceiling in zip(slept, ceilings, strict=True))
    assert sum(slept) > 30
    assert len({round(delay, 6) for delay in slept}) == len(slept)


def _json(body: object) -> bytes:
    return json.dumps(body).encode()


def _place(name: str = "") -> Place:
    return Place("api/v1", "configmaps", "shop", name)


def _meta(name: str, version: str) -> dict[str, str]:
    return {"name": name, "namespace": "shop", "resourceVersion": version}
