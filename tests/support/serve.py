"""`genkan serve` as a user runs it: a process of its own, on a folder of manifests, with a state directory."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genkan.infrastructure.host.records import read_events, read_ingresses
from tests.support.client import Target
from tests.support.manifests import Manifest, write, write_text
from tests.support.processes import ROOT, end
from tests.support.waiting import until

GENKAN = Path(sys.executable).with_name("genkan")


@dataclass(frozen=True, slots=True)
class Front:
    """Where one Ingress answers: its address, and the real ports behind 80 and 443 (None without a usable certificate)."""

    address: str
    http: int
    https: int | None

    @property
    def plain(self) -> Target:
        """Where to connect for HTTP."""
        return Target(self.address, self.http)

    def tls(self, sni: str = "") -> Target:
        """Where to connect for HTTPS, with this server name."""
        assert self.https is not None, f"{self.address} serves no HTTPS"
        return Target(self.address, self.https, tls=True, sni=sni)


class Serve:
    """One folder of manifests, one state directory, and the `genkan serve` that joins them, while it runs."""

    def __init__(self, folder: Path, *, backends: Sequence[str] = (), options: Sequence[str] = ()) -> None:
        self.manifests = folder / "manifests"
        self.manifests.mkdir(parents=True, exist_ok=True)
        self.state = folder / "state"
        self.output = folder / "serve.log"
        self._options = (*(word for text in backends for word in ("--backend", text)), *options)
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; returns at once. What it prints goes to `output`."""
        with self.output.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *(str(GENKAN), "serve", str(self.manifests), "--state-dir", str(self.state), *self._options),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                cwd=ROOT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )

    async def kill(self) -> None:
        """End it without a chance to tidy up; the data planes stay."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self, deadline: float = 30.0) -> int:
        """Ask it to end, as Ctrl-C does; gives its exit code."""
        assert self.process is not None
        return await end(self.process, number=signal.SIGINT, deadline=deadline)

    def write(self, file: str, *manifests: Manifest) -> None:
        """Put manifests into a file of the folder, whole."""
        write(self.manifests / file, *manifests)

    def write_text(self, file: str, text: str) -> None:
        """Put any text into a file of the folder, whole."""
        write_text(self.manifests / file, text)

    def remove(self, file: str) -> None:
        """Delete a file of the folder."""
        (self.manifests / file).unlink()

    def find(self, name: str, namespace: str = "default") -> Manifest | None:
        """The Ingress with its status, as reported now; None when it is not.

        Reads what `genkan get` reads: a new process for each turn of a poll would slow down what is waited for.
        """
        for found in read_ingresses(self.state):
            if (found["metadata"]["namespace"], found["metadata"]["name"]) == (namespace, name):
                return found
        return None

    async def front(self, name: str, namespace: str = "default", *, tls: bool = False, deadline: float = 30.0) -> Front:
        """Wait until the Ingress has an address (and serves HTTPS)."""

        def look() -> Front | None:
            self.assert_running()
            front = front_of(self.find(name, namespace))
            return front if front and (front.https or not tls) else None

        return await until(look, deadline, what=f"an address of {namespace}/{name}", interval=0.05)

    def events(self, name: str = "", namespace: str = "default") -> list[Manifest]:
        """The Events of one Ingress, or of all in the namespace."""
        return [
            event
            for event in read_events(self.state)
            if event["metadata"]["namespace"] == namespace and name in {"", event["regarding"]["name"]}
        ]

    async def event(
        self, reason: str, name: str, namespace: str = "default", *, text: str = "", deadline: float = 10.0
    ) -> Manifest:
        """Wait for an Event of this reason that names the text, in its note or in the objects it is about."""

        def look() -> Manifest | None:
            events = self.events(name, namespace)
            found = [each for each in events if each["reason"] == reason and text in json.dumps(each)]
            assert found, f"only {[(each['reason'], each['note']) for each in events]}"
            return found[0]

        return await until(look, deadline, what=f"an Event {reason} of {namespace}/{name} with {text!r}")

    def assert_running(self) -> None:
        """Fail at once, with what was printed, when it has ended: no deadline needs to pass."""
        assert self.process is not None
        if self.process.returncode is not None:
            raise RuntimeError(f"genkan serve ended with {self.process.returncode}:\n{self.tail()}")

    def tail(self, lines: int = 40) -> str:
        """The end of what was printed."""
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-lines:])

    def data_planes(self) -> dict[str, int]:
        """Every process whose command line names the state directory, but `genkan serve` itself: unit to process id."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                if "--service-node" in words and any(word.startswith(str(self.state)) for word in words):
                    found[words[words.index("--service-node") + 1]] = int(folder.name)
        return found

    async def sweep(self) -> list[str]:
        """Kill what is still there of the state directory; gives the units that were."""
        left = self.data_planes()
        for pid in left.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return sorted(left)


def front_of(ingress: Manifest | None) -> Front | None:
    """Read address and ports out of an Ingress's status; None when it shows none."""
    entries = ((ingress or {}).get("status") or {}).get("loadBalancer", {}).get("ingress") or []
    if not entries:
        return None
    http, *rest = sorted(port["port"] for port in entries[0]["ports"])
    return Front(entries[0]["ip"], http, rest[0] if rest else None)


@contextlib.asynccontextmanager
async def serving(folder: Path, *, backends: Sequence[str] = (), options: Sequence[str] = ()) -> AsyncIterator[Serve]:
    """Run it, stop it, and assert that it ended well and left no process behind."""
    serve = Serve(folder, backends=backends, options=options)
    await serve.start()
    try:
        yield serve
        code = await serve.stop()
        assert code == 0, f"genkan serve ended with {code}:\n{serve.tail()}"
        assert not serve.data_planes(), "processes were left behind"
    except BaseException:
        sys.stderr.write(f"\n{serve.output} ends:\n{serve.tail()}\n")
        raise
    finally:
        if serve.process is not None and serve.process.returncode is None:
            await serve.kill()
        await serve.sweep()


async def genkan(*words: str | Path, deadline: float = 30.0) -> tuple[int, str, str]:
    """Run another command; gives exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        *(GENKAN, *words), cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(deadline):
        output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


async def get(kind: str, state: Path) -> list[dict[str, Any]]:
    """What `genkan get KIND -A -o json` lists."""
    code, output, errors = await genkan("get", kind, "-A", "-o", "json", "--state-dir", state)
    assert code == 0, errors
    items: list[dict[str, Any]] = json.loads(output)["items"]
    return items
