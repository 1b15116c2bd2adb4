"""Events: counted, limited, never in anybody's way."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from genkan.errors import GenkanError
from genkan.kube import Client, Connection, Recorder, Regarding, Transport
from genkan.kube.auth import FixedAuth, Grant
from genkan.kube.events import Limits
from tests.support.kube_api import Answer, FakeApi
from tests.support.kube_api.clock import Clock
from tests.support.kube_api.faults import Lost
from tests.support.waiting import until

WEB = Regarding("networking.k8s.io/v1", "Ingress", "web", "shop", "uid-1")
OTHER = Regarding("networking.k8s.io/v1", "Ingress", "other", "shop", "uid-2")


class Told:
    """A recorder on a clock of the test's, and the fake that it writes to."""

    def __init__(self, api: FakeApi, client: Client, limits: Limits | None = None) -> None:
        self.api, self.clock = api, Clock()
        self.troubles: list[GenkanError] = []
        self.recorder = Recorder(
            client, controller="genkan.dev/ingress", instance="genkan-0", limits=limits,
            on_trouble=self.troubles.append, clock=self.clock,
        )  # fmt: skip

    def say(self, note: str = "adopted", regarding: Regarding = WEB, **more: Any) -> None:
        """Record."""
        self.recorder.record(regarding, reason="Adopted", note=note, **more)

    async def flush(self, after: float = 0.0) -> None:
        """Let time pass and write what is due."""
        self.clock.now += after
        await self.recorder.flush()

    def events(self) -> list[dict[str, Any]]:
        """What the server has."""
        return [body for place, body in self.api.objects.now.items() if place.plural == "events"]

    def counts(self) -> list[int]:
        """How often each is said to have happened."""
        return [one.get("series", {}).get("count", 1) for one in self.events()]

    @property
    def writes(self) -> int:
        """Requests so far."""
        return len(self.api.requests)


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    """With nothing said."""
    async with FakeApi() as api, Transport(Connection(server=api.url, auth=FixedAuth(Grant()))) as transport:
        yield Told(api, Client(transport))


async def test_an_event_is_complete(told: Told) -> None:
    """All that events.k8s.io/v1 requires."""
    told.say("no such Service", action="Translate", warning=True)
    await told.flush()
    (event,) = told.events()
    assert event["metadata"]["namespace"] == "shop"
    assert event["metadata"]["name"].startswith("web.")
    assert event["regarding"] == {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "web", "namespace": "shop", "uid": "uid-1",
    }  # fmt: skip
    expected = {
        "type": "Warning", "reason": "Adopted", "action": "Translate", "note": "no such Service",
        "reportingController": "genkan.dev/ingress", "reportingInstance": "genkan-0",
    }  # fmt: skip
    assert {name: event[name] for name in expected} == expected
    assert "series" not in event
    assert event["eventTime"][10] == "T"
    assert len(event["eventTime"]) == len("2026-01-01T12:00:00.000000Z")


async def test_a_repetition_is_a_count(told: Told) -> None:
    """Written at most each half minute, however often it is said."""
    for _ in range(3):
        told.say()
    await told.flush()
    for _ in range(100):
        told.say()
        await told.flush()
    assert (told.counts(), told.writes) == ([3], 1)
    await told.flush(after=30)
    assert (told.counts(), told.writes) == ([103], 2)


async def test_after_six_minutes_it_is_news(told: Told) -> None:
    """As in client-go."""
    told.say()
    await told.flush()
    told.clock.now += 359
    told.say()
    await told.flush()
    told.clock.now += 361
    told.say()
    await told.flush()
    assert sorted(told.counts()) == [1, 2]


async def test_another_note_or_object_is_another_event(told: Told) -> None:
    """No mistake hides behind another."""
    told.say("a")
    told.say("b")
    told.say("a", OTHER)
    await told.flush()
    assert told.counts() == [1, 1, 1]


async def test_an_object_that_talks_much_waits_alone(told: Told) -> None:
    """What is over the limit comes later with its count; other objects are not held up."""
    for number in range(25):
        told.say(f"note {number}")
        told.say(f"note {number}")
    told.say("quiet", OTHER)
    await told.flush()
    assert told.counts() == [2] * 20 + [1]
    await told.flush(after=30)
    assert len(told.events()) == 22
    await told.flush(after=130)
    assert len(told.events()) == 26
    assert told.recorder.dropped == 0


async def test_a_cluster_scoped_object_is_told_in_default(told: Told) -> None:
    """Where kubectl looks."""
    told.say(regarding=Regarding("networking.k8s.io/v1", "IngressClass", "genkan", uid="uid-3"))
    await told.flush()
    (event,) = told.events()
    assert event["metadata"]["namespace"] == "default"


async def test_a_long_name_and_a_long_note_fit(told: Told) -> None:
    """Cut between characters."""
    told.say("ö" * 2000, Regarding("v1", "Service", "x" * 253, "shop"))
    await told.flush()
    (event,) = told.events()
    assert len(event["metadata"]["name"]) <= 253
    assert 1020 <= len(event["note"].encode()) <= 1024
    assert event["note"].endswith("ö…")


async def test_an_expired_event_is_written_anew(told: Told) -> None:
    """The server deletes Events after an hour."""
    told.say()
    await told.flush()
    (event,) = told.events()
    told.api.delete(f"apis/events.k8s.io/v1/namespaces/shop/events/{event['metadata']['name']}")
    told.say()
    await told.flush(after=30)
    await told.flush()
    assert told.counts() == [2]


async def test_an_answer_that_was_lost_makes_no_second_event(told: Told) -> None:
    """Tried again under the same name."""
    told.api.fail("create", Lost())
    told.say()
    await told.flush()
    told.say()
    for _ in range(6):
        await told.flush(after=30)
    assert told.counts() == [2]
    assert told.recorder.dropped == 0


async def test_trouble_is_waited_out(told: Told) -> None:
    """As long as the server asks, and the count goes on."""
    told.api.fail("create", Answer(429, headers={"Retry-After": "9"}))
    told.say()
    await told.flush()
    await told.flush(after=8)
    assert told.writes == 1
    told.say()
    await told.flush(after=1)
    assert told.counts() == [2]


@pytest.mark.parametrize(
    ("code", "writes"), [pytest.param(403, 1, id="refused"), pytest.param(404, 1, id="no-namespace"), (500, 5)]
)
async def test_what_cannot_be_written_is_dropped(told: Told, code: int, writes: int) -> None:
    """Counted and told, and the next one is written."""
    told.api.fail_always("create", Answer(code))
    told.say()
    for _ in range(10):
        await told.flush(after=60)
    assert (told.writes, told.recorder.dropped, len(told.troubles)) == (writes, 1, 1)
    told.api.fail_always("create", None)
    told.say("next")
    await told.flush()
    assert len(told.events()) == 1


async def test_memory_is_bounded(told: Told) -> None:
    """What waits, and what is remembered."""
    recorder = Recorder(told.recorder._client, controller="c", instance="i", limits=Limits(waiting=10))
    for number in range(100):
        recorder.record(WEB, reason="R", note=str(number))
    assert (len(recorder._series), recorder.dropped) == (10, 90)
    told.say()
    await told.flush()
    told.clock.now += 3600
    told.recorder._forget()
    assert (told.recorder._series, told.recorder._buckets) == ({}, {})


async def test_it_comes_back_for_what_was_not_due(told: Told) -> None:
    """Without another word, when the time has come."""
    recorder = Recorder(told.recorder._client, controller="c", instance="i", limits=Limits(repeat=0.1))
    task = asyncio.create_task(recorder.run())
    try:
        recorder.record(WEB, reason="R", note="n")
        await until(lambda: told.counts() == [1])
        recorder.record(WEB, reason="R", note="n")
        await until(lambda: told.counts() == [2], deadline=3)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_writes_by_itself(told: Told) -> None:
    """`run`, woken by `record`."""
    task = asyncio.create_task(told.recorder.run())
    try:
        told.say()
        await until(lambda: told.counts() == [1])
        told.say("more")
        await until(lambda: told.counts() == [1, 1])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert json.loads(told.api.requests[0].body)["kind"] == "Event"
