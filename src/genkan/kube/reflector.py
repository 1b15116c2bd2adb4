"""Keeps a sink equal to what the API server holds of one kind: LIST page by page, then WATCH, and again whenever that breaks.

Promises: what was deleted while nobody watched is deleted from the sink; a version that expired (410 as an answer, as an ERROR event, or
for `continue`) leads to a new list, never to the same question; a broken or closed watch goes on from the last version seen, bookmarks
included; nothing is asked in a loop without a delay; silence longer than bookmarks allow ends a watch. A list that fails half-way changes nothing.
An object that cannot be decoded is told once, keeps its last good value, and delays nobody.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from genkan.errors import GenkanError, TransientError
from genkan.kube.backoff import Backoff
from genkan.kube.client import ALL, Change, Client, Selection
from genkan.kube.items import Bad, Item, ItemDecoder, Page, head
from genkan.kube.resources import Resource
from genkan.kube.status import ExpiredError

K = TypeVar("K", bound=Hashable)
V_contra = TypeVar("V_contra", contravariant=True)
T = TypeVar("T", bound=Item)


class Sink(Protocol[K, V_contra]):
    """What a reflector fills; an `engine.Store` is one. Called on the event loop; must not raise."""

    def upsert(self, key: K, value: V_contra) -> None:
        """Set a value."""

    def delete(self, key: K) -> None:
        """Remove a value; a key without one is no error."""

    def replace(self, values: Mapping[K, V_contra]) -> None:
        """Make this the whole content."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Times of a reflector, in seconds."""

    page: int = 500
    """Objects in a page: some 2 ms of decoding, so that the event loop stays free."""
    inactivity: float = 180.0
    """Silence that ends a watch. The API server sends bookmarks each minute, the first after two (measured, Kubernetes 1.35)."""
    shortest_watch: int = 300
    longest_watch: int = 600
    """The server ends a watch after a random time between these, so that watches do not all begin at the same moment."""
    first_delay: float = 0.5
    last_delay: float = 30.0
    healthy: float = 10.0
    """A watch that lived this long was in order: its end costs no delay, and earlier failures are forgotten."""


@dataclass(frozen=True)
class Observer(Generic[K]):
    """Whom a reflector tells."""

    on_trouble: Callable[[GenkanError, float], None] = lambda _error, _delay: None
    """A list or a watch failed, and is tried again in so many seconds."""
    on_bad_item: Callable[[K, str], None] = lambda _key, _error: None
    """An object cannot be decoded, and why; once for each state of it."""


class Reflector(Generic[K, T]):
    """See the module. `key` makes a sink's key of namespace and name; `run` until cancelled; `synced` is set by the first list."""

    def __init__(
        self,
        client: Client,
        resource: Resource,
        kind: type[T],
        sink: Sink[K, T],
        key: Callable[[str, str], K],
        *,
        selection: Selection = ALL,
        pace: Pace | None = None,
        observer: Observer[K] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self.synced = asyncio.Event()
        self._client, self._resource, self._selection = client, resource, selection
        self._decoder = ItemDecoder(kind)
        self._sink, self._key = sink, key
        self._pace = pace or Pace()
        self._observer: Observer[K] = observer or Observer()
        self._clock, self._sleep = clock, sleep
        self._random = rng or random.Random()  # noqa: S311 - jitter, not a secret
        self._backoff = Backoff(first=self._pace.first_delay, last=self._pace.last_delay, rng=self._random)
        self._version: str | None = None
        self._good: dict[K, T] = {}
        self._bad: dict[K, Bad] = {}

    @property
    def bad(self) -> Mapping[K, Bad]:
        """The objects that cannot be decoded now."""
        return self._bad

    async def run(self) -> None:
        """List and watch until cancelled."""
        while True:
            began: float | None = None
            trouble: GenkanError | None = None
            try:
                if self._version is None:
                    self._version = await self._list()
                began = self._clock()
                await self._watch(self._version)
            except ExpiredError as error:
                self._version, trouble = None, error
            except GenkanError as error:
                trouble = error
            healthy = began is not None and self._clock() - began >= self._pace.healthy
            if healthy:
                self._backoff.reset()
                if trouble is None:
                    continue
            retry_after = trouble.retry_after if isinstance(trouble, TransientError) else None
            delay = self._backoff.next(at_least=retry_after)
            if trouble is not None:
                self._observer.on_trouble(trouble, delay)
            await self._sleep(delay)

    async def _list(self) -> str:
        """Read everything, then change the sink at once; gives the version to watch from."""
        good: dict[K, T] = {}
        bad: list[Bad] = []
        page = await self._page("")
        self._collect(page, good, bad)
        # All pages show the state of the first; the version of each is the same.
        while page.token:
            try:
                page = await self._page(page.token)
            except ExpiredError:
                # Reading took longer than the server keeps history: paging again would end the same way.
                good, bad = {}, []
                page = self._decoder.page(await self._client.page(self._resource, self._selection))
            self._collect(page, good, bad)
        if not page.version:
            raise TransientError(f"the list of {self._resource.plural} has no resourceVersion")
        self._replace(good, bad)
        self.synced.set()
        return page.version

    async def _page(self, token: str) -> Page[T]:
        body = await self._client.page(self._resource, self._selection, limit=self._pace.page, token=token)
        return self._decoder.page(body)

    def _collect(self, page: Page[T], good: dict[K, T], bad: list[Bad]) -> None:
        bad += page.bad
        for item in page.items:
            good[self._key(item.metadata.namespace, item.metadata.name)] = item

    def _replace(self, good: dict[K, T], bad: list[Bad]) -> None:
        before, self._bad = self._bad, {}
        for one in bad:
            key = self._key(one.metadata.namespace, one.metadata.name)
            if (last := self._good.get(key)) is not None:
                good[key] = last
            self._bad[key] = one
            if before.get(key) != one:
                self._observer.on_bad_item(key, one.error)
        self._good = good
        self._sink.replace(good)

    async def _watch(self, version: str) -> None:
        seconds = self._random.randint(self._pace.shortest_watch, self._pace.longest_watch)
        changes = self._client.watch(
            self._resource, self._selection, version=version, seconds=seconds, inactivity=self._pace.inactivity
        )
        async with aclosing(changes):
            async for change in changes:
                self._apply(change)

    def _apply(self, change: Change) -> None:
        if change.type in {"BOOKMARK", "DELETED"}:
            named = head(change.object)
            if change.type == "DELETED":
                key = self._key(named.namespace, named.name)
                self._good.pop(key, None)
                self._bad.pop(key, None)
                self._sink.delete(key)
            self._version = named.resource_version or self._version
            return
        item = self._decoder.item(change.object)
        key = self._key(item.metadata.namespace, item.metadata.name)
        if isinstance(item, Bad):
            self._bad[key] = item
            self._observer.on_bad_item(key, item.error)
        else:
            self._bad.pop(key, None)
            self._good[key] = item
            self._sink.upsert(key, item)
        self._version = item.metadata.resource_version or self._version
