"""A host infrastructure with what tests ask of it: wait for a phase, ask a data plane over the wire, find its process."""

from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from genkan.infrastructure import Phase
from genkan.infrastructure.host import processes
from genkan.infrastructure.host.infrastructure import HostInfrastructure
from genkan.infrastructure.host.processes import Found
from genkan.ir import Binding, Drain, Reason, Workload
from genkan.model import ObjectKey
from tests.feature.host.static_envoy import static_envoy
from tests.support.waiting import until

WEB = ObjectKey("shop", "web")
OTHER = ObjectKey("shop", "other")


@dataclass
class Watched:
    """`infrastructure` is the product; everything else looks at it from outside."""

    infrastructure: HostInfrastructure
    state_dir: Path
    changes: list[ObjectKey] = field(default_factory=list)

    async def run(
        self, key: ObjectKey = WEB, *, body: str = "hello", backend: int | None = None, drain: float = 10.0
    ) -> Binding:
        """Bind, apply, wait until it is ready."""
        binding = await self.infrastructure.bind(key)
        await self.infrastructure.apply(key, static_envoy(str(key), binding, body=body, backend=backend, drain=drain))
        await self.ready(key)
        return binding

    async def run_program(self, *command: str, key: ObjectKey = WEB, drain: float = 1.0) -> None:
        """Apply any program."""
        await self.infrastructure.apply(key, Workload("program", command, drain=Drain(drain)))

    async def ready(self, key: ObjectKey = WEB) -> None:
        await until(lambda: self.infrastructure.observe(key).phase is Phase.READY, 30, what=f"{key} ready")

    async def told(self, reason: Reason, key: ObjectKey = WEB) -> str:
        """Wait for a condition; gives its message."""
        return await until(
            lambda: next((c.message for c in self.infrastructure.observe(key).conditions if c.reason is reason), ""),
            30,
            what=f"{reason} of {key}",
        )

    def tells(self, reason: Reason, key: ObjectKey = WEB) -> bool:
        return any(condition.reason is reason for condition in self.infrastructure.observe(key).conditions)

    def processes(self, key: ObjectKey = WEB) -> list[Found]:
        """What really runs, by the kernel."""
        return [found for found in processes.scan(str(self.state_dir.resolve())) if found.unit == str(key)]

    def command_line(self, key: ObjectKey = WEB) -> list[str]:
        """What `ps` shows."""
        return Path(f"/proc/{self.pid(key)}/cmdline").read_text().split("\0")

    async def replaced(self, pid: int, key: ObjectKey = WEB) -> None:
        """Wait until another process than this one is ready."""
        await until(lambda: [found.pid for found in self.processes(key)] not in ([], [pid]), 30, what=f"{key} replaced")
        await self.ready(key)

    def pid(self, key: ObjectKey = WEB) -> int:
        (found,) = self.processes(key)
        return found.pid


async def ask(binding: Binding, path: str = "/") -> str:
    """GET from port 80's stand-in; gives the body."""
    url = f"http://{binding.address}:{binding.ports[80]}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return await answer.text()
