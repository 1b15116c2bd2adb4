"""Keep one data plane running: start it, tell when it is ready, start it again when it dies, replace it, end it.

One task per data plane does all of it, so one that crashes in a loop delays nobody else. Takes wishes (`apply`, `stop`) at once
and without waiting; what comes of them is seen in `phase` and `conditions`, and `on_change` is called whenever those change.

Replacing has a gap: the new process cannot listen where the old one still does (sharing the port would split its traffic), so the
old one is drained and ended first. It happens only when the workload changes, as after an upgrade; no edit of an Ingress does it.
"""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from genkan.infrastructure.host import drain, processes, records
from genkan.infrastructure.host.addresses import Verdict, probe
from genkan.infrastructure.host.connections import Connections
from genkan.infrastructure.host.digest import digest
from genkan.infrastructure.host.processes import Found, Process
from genkan.infrastructure.host.records import ProcessRecord, Record
from genkan.ir import Condition, Drain, Level, Origin, Phase, Reason, Workload

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. The first start after a crash is immediate; then `back_off` doubles up to `longest`, and is as new after `healthy`."""

    back_off: float = 0.5
    longest: float = 30.0
    healthy: float = 60.0
    idle: float = 1.0
    terminate: float = 5.0
    first_poll: float = 0.02
    slowest_poll: float = 0.25
    turn: float = 1.0


class Shared:
    """What all data planes of a machine share: the kernel's table, and the CPUs while they start.

    Starting takes CPU. With four for each CPU at a time the last is ready no later than if all started at once, the first much
    sooner, and this process, which has to configure them, is not kept waiting (measured with 100: 0.1 s instead of 3.5 s).
    Nobody keeps a turn for longer than `Timing.turn`, ready or not.
    """

    def __init__(self) -> None:
        self.connections = Connections()
        self.turns = asyncio.Semaphore(4 * (os.cpu_count() or 1))


class Supervisor:
    """One data plane."""

    def __init__(
        self, state_dir: Path, record: Record, on_change: Callable[[], None], timing: Timing, shared: Shared
    ) -> None:
        """Begin with no process and no wish; must be made inside the event loop."""
        self.record = record
        self.phase = Phase.ABSENT
        self._state_dir = state_dir
        self._folder = records.folder(state_dir, record.key)
        self._origin = Origin("Ingress", record.namespace, record.name)
        self._on_change = on_change
        self._timing = timing
        self._shared = shared
        self._turn: asyncio.TimerHandle | None = None
        self._wanted: Workload | None = None
        self._wanted_digest = ""
        self._stopping = False
        self._hurried = False
        self._longest_drain: float | None = None
        self._process: Process | None = None
        self._log_began = 0
        self._failures = 0
        self._told: dict[Reason, Condition] = {}
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"data plane {record.key}")

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What happened to it, and what stands in its way."""
        return tuple(self._told.values())

    @property
    def runs(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def apply(self, workload: Workload) -> None:
        """Wish for this to run. An equal wish changes nothing."""
        wanted = digest(workload)
        if wanted != self._wanted_digest:
            self._wanted, self._wanted_digest = workload, wanted
            self._wake.set()

    def take_over(self, found: Found) -> bool:
        """Watch a process that runs already; False if it has ended meanwhile."""
        process = processes.take_over(found, self._wake.set)
        if process is None:
            return False
        known = self.record.process
        same = known is not None and (known.pid, known.start_time) == (found.pid, found.start_time)
        if not known or not same:
            known = process.record(found.workload, Drain().seconds)
        self._process = process
        self._write(known)
        self.phase = Phase.STARTING
        self._tell(
            Reason.TAKEN_OVER,
            f"genkan (process {os.getpid()}) took over the running data plane (process {found.pid})",
            Level.NORMAL,
        )
        self._wake.set()
        return True

    async def stop(self, longest_drain: float | None = None) -> None:
        """Drain and end it; returns when no process is left. `longest_drain` (seconds) shortens what the workload allows."""
        self._stopping = True
        self._longest_drain = longest_drain
        self._wake.set()
        await asyncio.shield(self._task)

    def hurry(self) -> None:
        """Cut the drain short if it is being stopped; nothing happens otherwise."""
        self._hurried = self._stopping

    async def release(self) -> None:
        """Let go of it: the process goes on without us."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._give_up_turn()
        if self._process:
            self._process.release()

    async def _run(self) -> None:
        while not (self._stopping and self._process is None):
            try:
                await self._step()
            except Exception as error:  # noqa: BLE001 - whatever went wrong with one try, the next one is still owed
                log.warning("data plane cannot be kept", ingress=str(self.record.key), error=repr(error))
                self._process_lost()
                await self._pause(f"the data plane cannot be started: {error}")

    async def _step(self) -> None:
        if self._process is None and self._wanted is None:
            await self._wake_within(None)
        elif self._process is None:
            await self._shared.turns.acquire()
            self._turn = asyncio.get_running_loop().call_later(self._timing.turn, self._give_up_turn)
            await self._start()
        elif self._process.ended:
            await self._after_end(self._process)
        elif self._is_outdated():
            await self._end(self._process)
        else:
            await self._watch(self._process)

    def _is_outdated(self) -> bool:
        running = self.record.process
        if self._stopping or running is None:
            return True
        return self._wanted is not None and (running.draining or running.workload != self._wanted_digest)

    async def _start(self) -> None:
        """Start what is wanted, unless somebody else listens at its address."""
        wanted, lease = self._wanted, self.record.lease
        if wanted is None or self._stopping:
            self._give_up_turn()
            return
        taken = next((real for real in lease.ports.values() if probe(lease.address, real) is Verdict.TAKEN), None)
        if taken is not None:
            self._tell(
                Reason.PORT_UNAVAILABLE,
                f"another program listens on {lease.address}:{taken}: end it, and this data plane starts by itself",
            )
            await self._pause(None)
            return
        self._told.pop(Reason.PORT_UNAVAILABLE, None)
        self._prepare(wanted)
        process = processes.start(wanted.command, self._environment(wanted), self._folder / "log", self._wake.set)
        self._process = process
        self._write(process.record(self._wanted_digest, wanted.drain.seconds))
        self.phase = Phase.STARTING
        self._told.pop(Reason.FAILED, None)
        self._told.pop(Reason.TAKEN_OVER, None)
        self._tell(Reason.STARTED, f"started the data plane (process {process.pid})", Level.NORMAL)
        log.info("data plane started", ingress=str(self.record.key), pid=process.pid)

    def _prepare(self, wanted: Workload) -> None:
        """Make files and log ready, and record what is about to start before it can exist."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._write(None)
        records.write_files(self._folder / "config", {file.path: (file.content, file.private) for file in wanted.files})
        for path in (self.record.admin, self.record.readiness):
            Path(path).unlink(missing_ok=True)
        processes.cut_log(self._folder / "log")
        self._log_began = processes.length(self._folder / "log")

    def _environment(self, wanted: Workload) -> Mapping[str, str]:
        return {
            **wanted.env,
            processes.STATE_DIR: str(self._state_dir),
            processes.UNIT: str(self.record.key),
            processes.WORKLOAD: self._wanted_digest,
        }

    async def _watch(self, process: Process) -> None:
        """Wait until it ends or something else is wanted; meanwhile tell when it is ready, and when it has proved healthy."""
        pause = self._timing.first_poll
        while not (process.ended or self._is_outdated()):
            if self.phase is not Phase.READY and await self._serves():
                self.phase = Phase.READY
                self._give_up_turn()
                self._tell(Reason.READY, "the data plane is ready", Level.NORMAL)
                log.info("data plane ready", ingress=str(self.record.key))
            if self.phase is not Phase.READY:
                await self._wake_within(pause)
                pause = min(pause * 1.3, self._timing.slowest_poll)
            elif self._failures:
                if not await self._wake_within(self._timing.healthy):
                    self._failures = 0
                    self._told.pop(Reason.RESTARTED, None)
                    self._on_change()
            else:
                await self._wake_within(None)

    async def _serves(self) -> bool:
        """Tell whether it says that it is ready, and really listens at its address."""
        lease = self.record.lease
        if not await drain.is_ready(self.record.readiness):
            return False
        for port in lease.ports.values():
            if await drain.accepts(lease.address, port):
                return True
        return False

    async def _after_end(self, process: Process) -> None:
        """Tell how it ended and start it again: at once the first time, then later and later."""
        said = processes.last_line(self._folder / "log", self._log_began)
        what = f"the data plane {process.outcome}" + (f"; it said last: {said}" if said else "")
        log.warning(
            "data plane ended", ingress=str(self.record.key), pid=process.pid, outcome=process.outcome, said=said
        )
        self._process_lost()
        if self._stopping:
            return
        self._tell(Reason.RESTARTED, f"{what}; it was started again")
        if self._failures == 0:
            self._failures = 1
        else:
            await self._pause(what)

    def _give_up_turn(self) -> None:
        if self._turn:
            self._turn.cancel()
            self._turn = None
            self._shared.turns.release()

    def _process_lost(self) -> None:
        self._give_up_turn()
        if self._process and not self._process.ended:
            return
        self._process = None
        self.phase = Phase.ABSENT if self._wanted is None else Phase.STARTING
        for reason in (Reason.READY, Reason.STARTED, Reason.TAKEN_OVER):
            self._told.pop(reason, None)
        self._write(None)

    async def _pause(self, why: str | None) -> None:
        """Wait before the next start, longer each time, with jitter so that many do not come back at once."""
        self._give_up_turn()
        self.phase = Phase.FAILED
        if why:
            self._tell(Reason.FAILED, f"{why}; it is started again, later each time")
        self._on_change()
        delay = min(self._timing.longest, self._timing.back_off * 2.0 ** min(self._failures, 20))
        self._failures += 1
        loop = asyncio.get_running_loop()
        until = loop.time() + delay * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
        wanted = self._wanted_digest
        while not self._stopping and wanted == self._wanted_digest and loop.time() < until:
            await self._wake_within(until - loop.time())

    async def _end(self, process: Process) -> None:
        """Drain it, ask it to end, make it end."""
        running = self.record.process
        seconds = running.drain if running else Drain().seconds
        if self._longest_drain is not None:
            seconds = min(seconds, self._longest_drain)
        if running:
            self._write(msgspec.structs.replace(running, draining=True))
        await drain.drain(
            self.record.admin,
            lambda: self._shared.connections.count(self.record.lease.address),
            seconds=seconds,
            idle=self._timing.idle,
            ended=lambda: process.ended or self._hurried,
        )
        for number in (signal.SIGTERM, signal.SIGKILL):
            process.signal(number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._timing.terminate):
                    while not process.ended:
                        await self._wake_within(None)
        self._process_lost()
        log.info("data plane stopped", ingress=str(self.record.key), pid=process.pid)

    async def _wake_within(self, seconds: float | None) -> bool:
        """Wait until something happens; False if nothing did."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    def _write(self, process: ProcessRecord | None) -> None:
        """Record the process. A full disk must not keep it from running: it is found by its environment too."""
        self.record = msgspec.structs.replace(self.record, process=process)
        try:
            records.write_record(self._state_dir, self.record)
        except OSError as error:
            log.warning("record not written", ingress=str(self.record.key), error=str(error))

    def _tell(self, reason: Reason, message: str, level: Level = Level.WARNING) -> None:
        told = Condition(self._origin, reason, message, level)
        if self._told.get(reason) != told:
            self._told[reason] = told
            self._on_change()
