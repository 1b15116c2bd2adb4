"""Events about objects (events.k8s.io/v1), as `kubectl describe` shows them.

`record` never waits and never fails: it notes, and `run` writes. The same thing said again within six minutes is one Event with a count,
written at most every half minute; each object may have some Events at once and then one each half minute, and what waits for
its turn keeps its count. What cannot be written after some tries, or when far too much waits, is dropped and counted in `dropped`.
"""

import asyncio
import datetime as dt
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from genkan.errors import GenkanError, TransientError
from genkan.kube.client import Client
from genkan.kube.lease import micro_time
from genkan.kube.resources import Resource
from genkan.kube.status import ConflictError, NotFoundError

EVENTS = Resource("events.k8s.io/v1", "Event", "events", namespaced=True)

LONGEST_NOTE = 1024
"""Bytes (k8s.io/api/events/v1: `note` has at most 1 kB)."""
LONGEST_WORD = 128
"""Characters of `reason`, `action` and `reportingInstance` (validation of events.k8s.io/v1)."""


class Regarding(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """core/v1 ObjectReference: what an Event is about."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    uid: str = ""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds and counts of a recorder."""

    window: float = 360.0
    """How long a repetition counts as the same (client-go's events recorder: 6 minutes)."""
    repeat: float = 30.0
    """Between two writes of one Event's count."""
    burst: int = 20
    """Events that an object may have at once."""
    refill: float = 30.0
    """Until it may have one more."""
    waiting: int = 10_000
    """Events that may wait, of all objects."""
    tries: int = 5
    """Writes of one Event before it is dropped."""


@dataclass(frozen=True)
class _Fact:
    """What makes two records the same Event."""

    regarding: Regarding
    type: str
    reason: str
    action: str
    note: str


@dataclass
class _Series:
    """One Event: `written` is the count that the API server has, 0 while it has none."""

    name: str
    first: dt.datetime
    last: dt.datetime
    noted: float
    due: float
    count: int = 1
    written: int = 0
    tries: int = 0


class _Bucket:
    """Tokens of one object."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._tokens = float(limits.burst)
        self._at = now

    def full(self, now: float) -> bool:
        """Tell whether it is as a new one would be."""
        return self._tokens + (now - self._at) / self._limits.refill >= self._limits.burst

    def reserve(self, now: float) -> float:
        """Take a token, of the future if need be; gives when it may be used."""
        earned = (now - self._at) / self._limits.refill
        self._tokens = min(float(self._limits.burst), self._tokens + earned) - 1
        self._at = now
        return now + max(0.0, -self._tokens * self._limits.refill)


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Recorder:
    """See the module. `controller` such as `genkan.dev/ingress`; `instance` tells replicas apart, such as the pod's name."""

    def __init__(
        self,
        client: Client,
        *,
        controller: str,
        instance: str,
        limits: Limits | None = None,
        on_trouble: Callable[[GenkanError], None] = lambda _error: None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], dt.datetime] = _utc_now,
    ) -> None:
        self.dropped = 0
        self._client = client
        self._controller, self._instance = controller, instance[:LONGEST_WORD]
        self._limits = limits or Limits()
        self._on_trouble = on_trouble
        self._clock, self._now = clock, now
        self._series: dict[_Fact, _Series] = {}
        # A dict for its order: Events are written as they were said.
        self._dirty: dict[_Fact, None] = {}
        self._buckets: dict[Regarding, _Bucket] = {}
        self._wakeup = asyncio.Event()

    def record(
        self, regarding: Regarding, *, reason: str, note: str, action: str = "Reconcile", warning: bool = False
    ) -> None:
        """Say something about an object: `reason` one CamelCase word, `action` what was being done, `note` for people."""
        kind = "Warning" if warning else "Normal"
        fact = _Fact(regarding, kind, reason[:LONGEST_WORD], action[:LONGEST_WORD], _cut(note))
        now = self._clock()
        series = self._series.get(fact)
        if series is not None and (fact in self._dirty or now - series.noted < self._limits.window):
            series.count += 1
            series.last, series.noted = self._now(), now
        elif len(self._dirty) >= self._limits.waiting:
            self.dropped += 1
            return
        else:
            due = self._buckets.setdefault(regarding, _Bucket(self._limits, now)).reserve(now)
            when = self._now()
            self._series[fact] = _Series(_name(regarding), first=when, last=when, noted=now, due=due)
        self._dirty[fact] = None
        self._wakeup.set()

    async def run(self) -> None:
        """Write what was recorded, until cancelled."""
        while True:
            self._wakeup.clear()
            await self.flush()
            self._forget()
            pause = self._until_next()
            try:
                async with asyncio.timeout(pause):
                    await self._wakeup.wait()
            except TimeoutError:
                continue

    async def flush(self) -> None:
        """Write all that is due now."""
        for fact in list(self._dirty):
            series = self._series[fact]
            if series.due <= self._clock():
                await self._write(fact, series)

    def _until_next(self) -> float | None:
        """Give the seconds until something is due or forgotten; None if there is nothing."""
        now = self._clock()
        if self._dirty:
            return max(0.01, min(self._series[fact].due for fact in self._dirty) - now)
        return self._limits.window if self._series or self._buckets else None

    async def _write(self, fact: _Fact, series: _Series) -> None:
        count, last = series.count, series.last
        self._dirty.pop(fact, None)
        try:
            if series.written:
                await self._patch(fact, series, count, last)
            else:
                await self._create(fact, series, count, last)
        except NotFoundError as error:
            # Events live for an hour: of one that is gone, a new one is made. Without the namespace nothing can be.
            if series.written:
                series.written = 0
                series.name = _name(fact.regarding)
                self._again(fact, series, error, 0.0)
            else:
                self._drop(error)
        except ConflictError as error:
            # AlreadyExists: our own write arrived although its answer did not.
            series.written = 1 if error.reason == "AlreadyExists" else series.written
            self._again(fact, series, error, 1.0)
        except TransientError as error:
            self._again(fact, series, error, max(error.retry_after or 0.0, 2.0**series.tries))
        except GenkanError as error:
            self._drop(error)
        else:
            series.written, series.tries = count, 0
            series.due = self._clock() + self._limits.repeat

    def _again(self, fact: _Fact, series: _Series, error: GenkanError, delay: float) -> None:
        series.tries += 1
        if series.tries >= self._limits.tries:
            series.tries = 0
            self._drop(error)
            return
        if series.written < series.count:
            series.due = self._clock() + delay
            self._dirty[fact] = None

    def _drop(self, error: GenkanError) -> None:
        self.dropped += 1
        self._on_trouble(error)

    async def _create(self, fact: _Fact, series: _Series, count: int, last: dt.datetime) -> None:
        namespace = fact.regarding.namespace or "default"
        body: dict[str, object] = {
            "apiVersion": EVENTS.api_version,
            "kind": EVENTS.kind,
            "metadata": {"name": series.name, "namespace": namespace},
            "eventTime": micro_time(series.first),
            "reportingController": self._controller,
            "reportingInstance": self._instance,
            "regarding": fact.regarding,
            "type": fact.type,
            "reason": fact.reason,
            "action": fact.action,
            "note": fact.note,
        }
        if count > 1:
            body["series"] = _series(count, last)
        await self._client.create(EVENTS, body, msgspec.Raw, namespace=namespace)

    async def _patch(self, fact: _Fact, series: _Series, count: int, last: dt.datetime) -> None:
        namespace = fact.regarding.namespace or "default"
        body = {"series": _series(count, last)}
        await self._client.patch(EVENTS, series.name, body, msgspec.Raw, namespace=namespace)

    def _forget(self) -> None:
        now = self._clock()
        old = [
            fact
            for fact, series in self._series.items()
            if fact not in self._dirty and now - series.noted >= self._limits.window
        ]
        for fact in old:
            del self._series[fact]
        for regarding in [regarding for regarding, bucket in self._buckets.items() if bucket.full(now)]:
            del self._buckets[regarding]


def _series(count: int, last: dt.datetime) -> dict[str, object]:
    return {"count": count, "lastObservedTime": micro_time(last)}


def _name(regarding: Regarding) -> str:
    """Make a name as client-go does: the object's, cut to leave room, and something unique."""
    return f"{regarding.name[:230].rstrip('-.')}.{secrets.token_hex(8)}"


def _cut(note: str) -> str:
    """Cut a note to what the API server takes, between characters."""
    data = note.encode()
    if len(data) <= LONGEST_NOTE:
        return note
    return data[: LONGEST_NOTE - 3].decode(errors="ignore") + "…"
