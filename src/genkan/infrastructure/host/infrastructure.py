"""HostInfrastructure: every data plane a process of this machine, on a loopback address of its own, beside its files and reports.

Takes workloads and reports by key; gives where they listen and what is observed; refuses a state directory that somebody else uses.
Keys never wait for each other: each has a supervisor of its own.
"""

import asyncio
import contextlib
import itertools
import os
import platform
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from genkan.errors import TerminalError
from genkan.infrastructure import Observation, Phase
from genkan.infrastructure.host import addresses, certificates, processes, records, reports, sockets
from genkan.infrastructure.host.addresses import Lease, Obstacle, Verdict
from genkan.infrastructure.host.processes import Found
from genkan.infrastructure.host.records import Record, StoredReport
from genkan.infrastructure.host.state import Lock, real_path
from genkan.infrastructure.host.supervisor import Shared, Supervisor, Timing
from genkan.ir import Binding, Certificate, Condition, Level, Origin, Reason, Workload
from genkan.model import ObjectKey
from genkan.status import Report

DEFAULT_TIMING = Timing()

HOUSEKEEPING = 30.0
"""Seconds between two looks at the logs' lengths."""


class HostInfrastructure:
    """Implements `genkan.infrastructure.Infrastructure`. Call `start` first, and `stop_all` or `release` last."""

    def __init__(
        self,
        state_dir: Path,
        on_change: Callable[[ObjectKey], None],
        *,
        client_ports: Sequence[int] = (80, 443),
        timing: Timing = DEFAULT_TIMING,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        probe: addresses.Probe = addresses.probe,
    ) -> None:
        """Use a state directory; `on_change` is told the key whose observation has changed. `client_ports` are what clients expect."""
        self._state_dir = real_path(state_dir)
        self._on_change = on_change
        self._client_ports = tuple(client_ports)
        self._timing = timing
        self._clock = clock
        self._probe = probe
        self._runtime = sockets.runtime_folder(self._state_dir, os.environ)
        self._shared = Shared()
        self._lock: Lock | None = None
        self._housekeeping: asyncio.Task[None] | None = None
        self._supervisors: dict[ObjectKey, Supervisor] = {}
        self._kept: dict[ObjectKey, Record] = {}
        self._holders: dict[str, ObjectKey] = {}
        self._reports: dict[ObjectKey, StoredReport] = {}
        self._reported: dict[ObjectKey, Report] = {}
        self._certificates: dict[ObjectKey, tuple[Certificate, ...]] = {}

    @property
    def control_plane(self) -> str:
        """Path of the Unix socket on which every data plane expects its control plane; the same after a restart."""
        return str(self._runtime / sockets.CONTROL_PLANE)

    async def start(self) -> None:
        """Lock the state directory, read what is kept in it, and take over what runs. Raises ConfigError if another uses it."""
        self._lock = Lock(self._state_dir)
        try:
            await self._begin()
        except BaseException:
            await self.release()
            raise

    async def _begin(self) -> None:
        found = sorted(processes.scan(str(self._state_dir)), key=lambda each: each.start_time, reverse=True)
        running = [each.pid for each in found]
        self._runtime = sockets.settled_folder(self._state_dir, os.environ, running=running)
        sockets.make_private(self._state_dir / records.DATA_PLANES)
        for key in records.keys(self._state_dir):
            if record := records.read_record(self._state_dir, key):
                self._kept[key] = record
                self._holders.setdefault(record.lease.address, key)
            if report := records.read_report(self._state_dir, key):
                self._reports[key] = report
            if kept := certificates.read(self._state_dir, key):
                self._certificates[key] = kept
        strays = [each for each in found if not self._take_over(each, found)]
        await asyncio.gather(*(self._end_stray(each) for each in strays))
        self._housekeeping = asyncio.create_task(self._keep_house())

    async def bind(self, key: ObjectKey) -> Binding:
        """Give its address, ports and sockets; chosen once, then kept as long as nobody else has taken them."""
        if key not in self._supervisors:
            self._supervise(self._lease(key))
        record = self._supervisors[key].record
        return Binding(
            address=record.lease.address,
            ports=record.lease.ports,
            control_plane=record.control_plane,
            admin=record.admin,
            readiness=record.readiness,
            config_dir=str(records.folder(self._state_dir, key) / "config"),
            state_dir=str(self._state_dir),
        )

    async def apply(self, key: ObjectKey, workload: Workload) -> None:
        """Want this to run; what comes of it is observed. Returns at once."""
        await self.bind(key)
        self._supervisors[key].apply(workload)

    def observe(self, key: ObjectKey) -> Observation:
        """Tell what is known now."""
        supervisor = self._supervisors.get(key)
        if supervisor is None:
            return Observation(Phase.ABSENT)
        lease = supervisor.record.lease
        return Observation(
            phase=supervisor.phase,
            addresses=(lease.address,),
            ports=lease.ports,
            conditions=(*supervisor.conditions, *(_told(key, obstacle) for obstacle in lease.obstacles)),
            reported=reports.has_addresses(self._reports.get(key)),
        )

    async def report(self, key: ObjectKey, report: Report) -> None:
        """Write the Ingress with its status, and its Events, where `genkan get` reads them."""
        if self._reported.get(key) == report:
            return
        before = self._reports.get(key)
        now = reports.stored(before, report, instance=platform.node() or "localhost", now=self._clock())
        if now != before:
            records.write_report(self._state_dir, key, now)
        self._reports[key], self._reported[key] = now, report

    async def keep(self, key: ObjectKey, served: tuple[Certificate, ...]) -> None:
        """Keep what is served, in a private file beside the record."""
        if served != self._certificates.get(key, ()):
            certificates.write(self._state_dir, key, served)
            self._certificates[key] = served

    def kept(self, key: ObjectKey) -> tuple[Certificate, ...]:
        """Give the certificates kept last, also by a controller before this one."""
        return self._certificates.get(key, ())

    async def delete(self, key: ObjectKey) -> None:
        """Drain and stop it, and forget its address, files and report."""
        if supervisor := self._supervisors.get(key):
            await supervisor.stop()
        for address in [address for address, holder in self._holders.items() if holder == key]:
            del self._holders[address]
        for kept in (self._supervisors, self._kept, self._reports, self._reported, self._certificates):
            kept.pop(key, None)
        self._remove_sockets(key)
        records.remove(self._state_dir, key)

    def hurry(self, key: ObjectKey) -> None:
        """Cut short the drain of one that is being deleted: its key is wanted again, and the new one waits for its address."""
        if supervisor := self._supervisors.get(key):
            supervisor.hurry()

    def owned(self) -> frozenset[ObjectKey]:
        """Give every key that runs, or has an address or a report."""
        return frozenset((*self._supervisors, *self._kept, *self._reports))

    async def stop_all(self, longest_drain: float | None = None) -> None:
        """Drain and stop every data plane, all at once; addresses are kept for the next start, but shown no more.

        `longest_drain` (seconds) shortens what the workloads allow.
        """
        if self._lock is None:
            return
        await asyncio.gather(*(supervisor.stop(longest_drain) for supervisor in self._supervisors.values()))
        for key, report in self._reports.items():
            if reports.has_addresses(report):
                records.write_report(self._state_dir, key, reports.without_addresses(report))
        for key in self._supervisors:
            self._remove_sockets(key)
        await self.release()

    async def release(self) -> None:
        """Let go of everything: the data planes go on serving, as when this process is killed."""
        if self._housekeeping:
            self._housekeeping.cancel()
            await asyncio.gather(self._housekeeping, return_exceptions=True)
        await asyncio.gather(*(supervisor.release() for supervisor in self._supervisors.values()))
        self._supervisors.clear()
        if self._lock:
            self._lock.release()
            self._lock = None

    def running(self) -> frozenset[ObjectKey]:
        """Give the keys that have a process now."""
        return frozenset(key for key, supervisor in self._supervisors.items() if supervisor.runs)

    def _supervise(self, record: Record) -> Supervisor:
        key = record.key
        supervisor = Supervisor(self._state_dir, record, lambda: self._on_change(key), self._timing, self._shared)
        self._supervisors[key] = supervisor
        self._kept.pop(key, None)
        return supervisor

    def _take_over(self, found: Found, everything: Sequence[Found]) -> bool:
        """Take over the recorded process of a key, or the latest one where none is recorded; False for any other."""
        key = ObjectKey(*found.unit.partition("/")[::2])
        record = self._kept.get(key)
        if record is None:
            return False
        rivals = [each for each in everything if each.unit == found.unit]
        recorded = [
            each
            for each in rivals
            if record.process and each.start_time == record.process.start_time and each.pid == record.process.pid
        ]
        if found != (recorded or rivals)[0]:
            return False
        supervisor = self._supervise(record)
        supervisor.take_over(found)
        return True

    async def _end_stray(self, found: Found) -> None:
        """End a data plane of ours that nothing is known of: its record is gone, or it is one too many."""
        ended = asyncio.Event()
        process = processes.take_over(found, ended.set)
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            process.signal(number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._timing.terminate):
                    await ended.wait()
        process.release()

    def _lease(self, key: ObjectKey) -> Record:
        """Choose address and ports: those it had, if they can be had."""
        kept = self._kept.get(key)
        wanted = itertools.islice(addresses.candidates(str(self._state_dir), str(key)), addresses.CANDIDATES)
        asked = itertools.chain((kept.lease.address,) if kept else (), wanted)
        lease: Lease | None = addresses.choose(
            (address for address in asked if self._holders.get(address, key) == key), self._client_ports, self._probe
        )
        if lease is None:
            ports = ", ".join(map(str, self._client_ports))
            raise TerminalError(
                f"no loopback address has ports {ports} or their stand-ins free: another program listens on them on all addresses",
                reason=Reason.PORT_UNAVAILABLE,
            )
        if kept and kept.lease.address != lease.address:
            self._forget_address(key, kept.lease.address)
        self._holders[lease.address] = key
        record = Record(
            namespace=key.namespace,
            name=key.name,
            lease=lease,
            control_plane=self.control_plane,
            admin=str(self._runtime / sockets.admin_name(str(key))),
            readiness=str(self._runtime / sockets.readiness_name(str(key))),
        )
        records.write_record(self._state_dir, record)
        return record

    def _forget_address(self, key: ObjectKey, address: str) -> None:
        """Show the user an address no more that is somebody else's now."""
        if self._holders.get(address) == key:
            del self._holders[address]
        if report := self._reports.get(key):
            self._reports[key] = reports.without_addresses(report)

    def _remove_sockets(self, key: ObjectKey) -> None:
        for name in (sockets.admin_name(str(key)), sockets.readiness_name(str(key))):
            (self._runtime / name).unlink(missing_ok=True)

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING)
            for key in self._supervisors:
                with contextlib.suppress(OSError):
                    processes.cut_log(records.folder(self._state_dir, key) / "log")


def _told(key: ObjectKey, obstacle: Obstacle) -> Condition:
    """Say why a client has to use another port."""
    origin = Origin("Ingress", key.namespace, key.name)
    if obstacle.why is Verdict.FORBIDDEN:
        return Condition(
            origin,
            Reason.PORT_UNAVAILABLE,
            f"this user may not listen on port {obstacle.port}, so it is served on {obstacle.instead}: allow it with "
            f"sysctl net.ipv4.ip_unprivileged_port_start={obstacle.port} and serve again",
            Level.NORMAL,
        )
    return Condition(
        origin,
        Reason.PORT_UNAVAILABLE,
        f"another program listens on port {obstacle.port} of all addresses, so it is served on {obstacle.instead}: end that "
        "program and serve again",
    )
