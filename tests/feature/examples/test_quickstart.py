"""`make run` at a terminal: three Ingresses, curl lines that work, and nothing left after Ctrl-C."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.support.client import Target, request
from tests.support.processes import ROOT
from tests.support.waiting import until

CURL = re.compile(
    r"curl (?:-k )?--resolve (?P<host>[\w.]+):(?P<port>\d+):(?P<address>[\d.]+) (?P<scheme>https?)://[\w.:]+(?P<path>/\S*)"
)


class Terminal:
    """`make run` in the foreground of a pseudo-terminal of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.text = ""

    async def start(self) -> None:
        """Start it as a shell would: leader of a session whose terminal is ours."""
        self._master, terminal = os.openpty()
        # What `make setup` would do is done: the tests run in its environment.
        command = ["make", "--old-file=.venv/.ready", "run", f"ARGS=--state-dir={self.state}"]
        self.process = await asyncio.create_subprocess_exec(
            *("setsid", "--ctty", *command), cwd=ROOT, stdin=terminal, stdout=terminal, stderr=terminal
        )
        os.close(terminal)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def _read(self) -> None:
        try:
            self.text += os.read(self._master, 65536).decode(errors="replace")
        except OSError:  # the other side is closed
            asyncio.get_running_loop().remove_reader(self._master)

    def press_ctrl_c(self) -> None:
        """Let the terminal send SIGINT to whatever is in its foreground."""
        os.write(self._master, b"\x03")

    async def shows(self, text: str) -> None:
        """Wait for a text."""
        await until(lambda: text in self.text, 30, what=f"{text!r} on the terminal")

    async def ends(self) -> int:
        """Wait for the end; gives the exit code."""
        async with asyncio.timeout(30):
            return await self.process.wait()

    def processes(self) -> dict[int, str]:
        """Every process whose command line names the state directory."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                if str(self.state) in command:
                    found[int(folder.name)] = command
        return found

    def close(self) -> None:
        """Kill what is still there."""
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@asynccontextmanager
async def quickstart(state: Path) -> AsyncIterator[Terminal]:
    """Start it and wait until everything serves."""
    terminal = Terminal(state)
    await terminal.start()
    try:
        await terminal.shows("Ctrl-C drains and stops")
        yield terminal
    finally:
        terminal.close()
        await terminal.process.wait()


async def backends_by_curl(text: str) -> list[tuple[str, str, str]]:
    """Do what each printed curl line does; gives URL parts and who answered."""
    found = []
    for line in CURL.finditer(text):
        secure = line["scheme"] == "https"
        target = Target(line["address"], int(line["port"]), tls=secure, sni=line["host"] if secure else "")
        answer = await request(target, line["path"], host=line["host"])
        backend = re.search(rb'"backend": "(\w+)"', answer.body)
        assert backend, (line[0], answer)
        found.append((line["scheme"], line["host"] + line["path"], backend[1].decode()))
    return found


EXPECTED = [
    ("http", "hello.example.com/", "web"),
    ("https", "secure.example.com/", "web"),
    ("http", "shop.example.com/", "web"),
    ("http", "shop.example.com/api", "api"),
]


async def test_it_serves_until_ctrl_c(tmp_path: Path) -> None:
    """Three addresses, four curl lines that work, exit code 0, no process left."""
    async with quickstart(tmp_path / "state") as terminal:
        assert len(set(re.findall(r"127\.\d+\.\d+\.\d+", terminal.text))) == 3
        assert await backends_by_curl(terminal.text) == EXPECTED
        terminal.press_ctrl_c()
        assert await terminal.ends() == 0
        assert terminal.processes() == {}
        assert "Traceback" not in terminal.text


async def test_sigterm_leaves_no_process(tmp_path: Path) -> None:
    """SIGTERM to make alone ends everything too; make then reports the signal."""
    async with quickstart(tmp_path / "state") as terminal:
        terminal.process.terminate()
        assert await terminal.ends() in {2, -signal.SIGTERM}
        await until(lambda: not terminal.processes(), 15, what="the end of all processes")


async def test_a_killed_serve_loses_nothing(tmp_path: Path) -> None:
    """Data planes and backends go on after kill -9, and Ctrl-C still ends them all."""
    async with quickstart(tmp_path / "state") as terminal:
        os.kill(int((terminal.state / "lock").read_text()), signal.SIGKILL)
        await terminal.shows("was killed")
        assert await backends_by_curl(terminal.text) == EXPECTED
        terminal.press_ctrl_c()
        assert await terminal.ends() == 0
        assert terminal.processes() == {}
