"""Leader election by a Lease (coordination.k8s.io/v1), compatible with client-go's: 15 s duration, 10 s renew deadline, 2 s retry.

At most one elector leads. The holder renews by writing with the version it read; a standby takes over when it has seen no write for the
whole duration *by its own clock*, so that no clocks have to agree. The holder stops believing after the renew deadline, counted from
before its last successful write was sent: `may_write()` is false at least 5 s before anybody else can lead, whatever the network or the scheduler
does. On the way out the Lease is given back, and a standby takes it within 2 s.
"""

import asyncio
import contextlib
import datetime as dt
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from genkan.errors import GenkanError
from genkan.kube.client import Client
from genkan.kube.resources import Resource
from genkan.kube.status import ConflictError, NotFoundError

LEASES = Resource("coordination.k8s.io/v1", "Lease", "leases", namespaced=True)


def since_boot() -> float:
    """Seconds of a clock that never jumps and that goes on while the machine is suspended: an own lease must run out then too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def micro_time(when: dt.datetime) -> str:
    """Write a meta/v1 MicroTime."""
    return when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Seconds; client-go's defaults. The renew deadline has to be shorter than the duration, and longer than the retry period."""

    duration: float = 15.0
    renew_deadline: float = 10.0
    retry: float = 2.0


class Election:
    """One candidate for one Lease. `identity` is unique among all processes that ever run, such as host name and random text.

    `on_change(True)` is called when it begins to lead, `on_change(False)` when it ceases to.
    """

    def __init__(
        self,
        client: Client,
        *,
        namespace: str,
        name: str,
        identity: str,
        terms: Terms | None = None,
        on_change: Callable[[bool], None] = lambda _leads: None,
        on_trouble: Callable[[GenkanError], None] = lambda _error: None,
        clock: Callable[[], float] = since_boot,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], dt.datetime] = _utc_now,
    ) -> None:
        self._client = client
        self._namespace, self._name, self._identity = namespace, name, identity
        self._terms = terms or Terms()
        self._on_change, self._on_trouble = on_change, on_trouble
        self._clock, self._sleep, self._now = clock, sleep, now
        self._random = random.Random()  # noqa: S311 - jitter, not a secret
        self._lease: dict[str, Any] | None = None
        self._seen_version = ""
        self._seen_at = 0.0
        self._renewed_at = float("-inf")
        self._leads = False

    @property
    def holder(self) -> str:
        """Who held the Lease when it was last seen; empty if nobody."""
        return str(self._spec().get("holderIdentity") or "")

    def may_write(self) -> bool:
        """Tell whether this process is the leader now; asked before every write."""
        return self._leads and self._clock() < self._renewed_at + self._terms.renew_deadline

    async def run(self) -> None:
        """Take part until cancelled; then give the Lease back."""
        try:
            while True:
                await self._round()
                if self._leads and not self.may_write():
                    self._set(leads=False)
                # Standbys spread out, so that not all of them write at the same moment.
                await self._sleep(self._terms.retry * (1.0 if self._leads else self._random.uniform(1.0, 1.2)))
        finally:
            await self._release()

    async def _round(self) -> None:
        """Renew, or look whether the Lease is free, within the renew deadline."""
        # Half the deadline each, so that one request that hangs leaves time for another.
        left = self._terms.renew_deadline / 2
        if self._leads:
            left = min(left, self._renewed_at + self._terms.renew_deadline - self._clock())
        try:
            async with asyncio.timeout(max(left, self._terms.retry / 2)):
                if not self._leads or self._lease is None:
                    await self._look()
                    if not self._free():
                        self._set(leads=False)
                        return
                await self._take()
        except (ConflictError, NotFoundError):
            # Somebody wrote or deleted it: what we know is old. The next round reads; may_write() goes on counting from our own last write.
            await self._lost()
        except GenkanError as error:
            self._on_trouble(error)
        except TimeoutError:
            self._on_trouble(GenkanError(f"lease {self._namespace}/{self._name}: no answer in time"))

    async def _lost(self) -> None:
        """After a conflict: read who holds it; a holder other than us ends our time at once."""
        with contextlib.suppress(GenkanError, TimeoutError):
            async with asyncio.timeout(self._terms.retry):
                await self._look()
        if self.holder not in {"", self._identity}:
            self._set(leads=False)

    async def _look(self) -> None:
        try:
            read: dict[str, Any] | None = await self._client.get(
                LEASES, self._name, dict[str, Any], namespace=self._namespace
            )
        except NotFoundError:
            read = None
        self._lease = read
        version = str(read["metadata"]["resourceVersion"]) if read else ""
        if version != self._seen_version:
            self._seen_version, self._seen_at = version, self._clock()

    def _free(self) -> bool:
        if not self.holder or self.holder == self._identity:
            return True
        # The holder's own duration counts: it may run with other terms than we do.
        duration = max(float(self._spec().get("leaseDurationSeconds") or 0), self._terms.duration)
        return self._clock() >= self._seen_at + duration

    async def _take(self) -> None:
        """Write ourselves as holder: acquires and renews."""
        now = micro_time(self._now())
        spec = dict(self._spec())
        if spec.get("holderIdentity") != self._identity:
            before = spec.get("leaseTransitions") or 0
            spec["leaseTransitions"] = before + 1 if self._lease is not None else 0
            spec["acquireTime"] = now
        spec |= {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": max(1, round(self._terms.duration)),
            "renewTime": now,
        }
        sent = self._clock()
        self._lease = await self._write(spec)
        self._seen_version, self._seen_at = str(self._lease["metadata"]["resourceVersion"]), self._clock()
        self._renewed_at = sent
        self._set(leads=self._clock() < sent + self._terms.renew_deadline)

    async def _write(self, spec: dict[str, Any]) -> dict[str, Any]:
        if self._lease is None:
            body = {
                "apiVersion": LEASES.api_version,
                "kind": LEASES.kind,
                "metadata": {"name": self._name, "namespace": self._namespace},
                "spec": spec,
            }
            return await self._client.create(LEASES, body, dict[str, Any], namespace=self._namespace)
        body = {**self._lease, "spec": spec}
        return await self._client.replace(LEASES, self._name, body, dict[str, Any], namespace=self._namespace)

    async def _release(self) -> None:
        """Give back what we hold; bounded, and only if nobody wrote since."""
        held = self._leads and self._lease is not None and self.holder == self._identity
        self._set(leads=False)
        if not held:
            return
        spec = {**self._spec(), "holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": micro_time(self._now())}
        with contextlib.suppress(GenkanError, TimeoutError):
            async with asyncio.timeout(self._terms.retry):
                self._lease = await self._write(spec)

    def _spec(self) -> dict[str, Any]:
        return (self._lease or {}).get("spec") or {}

    def _set(self, *, leads: bool) -> None:
        if leads != self._leads:
            self._leads = leads
            self._on_change(leads)
