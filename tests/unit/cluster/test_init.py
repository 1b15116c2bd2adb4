"""The node's first process as a supervisor, run without namespaces: it starts, ends, restarts and reaps."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.cache import PROJECT
from tests.cluster.namespaces import Namespaces
from tests.cluster.outcome import ClusterError, wait_until

SERVE = "import sys, pathlib; from tests.cluster.init import Init; Init(pathlib.Path(sys.argv[1]), 0).serve()"
FOREVER = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]


@pytest.fixture
def init(tmp_path: Path) -> Iterator[Namespaces]:
    """A supervisor with its socket in an empty state folder."""
    (tmp_path / "logs").mkdir()
    with subprocess.Popen([sys.executable, "-c", SERVE, str(tmp_path)], cwd=PROJECT) as process:
        wait_until("its socket", (tmp_path / "init.sock").exists, seconds=10)
        namespaces = Namespaces(tmp_path)
        try:
            yield namespaces
        finally:
            for name in namespaces.ask("list"):
                namespaces.ask("stop", name)
            process.kill()


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_component_writes_its_log(init: Namespaces, tmp_path: Path) -> None:
    """Output goes to the log under the component's name."""
    init.ask("start", "one", argv=FOREVER)
    wait_until("its first line", lambda: (tmp_path / "logs" / "one.log").read_text() == "up\n", seconds=10)


def test_what_ends_by_itself_comes_back(init: Namespaces) -> None:
    """A crash is followed by a new process after a second; its end is no zombie."""
    first = init.ask("start", "one", argv=FOREVER)["one"]
    os.kill(first, signal.SIGKILL)
    wait_until("another process", lambda: init.ask("list").get("one", first) != first, seconds=10)
    assert not alive(first)


def test_what_is_stopped_stays_dead_until_it_is_restarted(init: Namespaces) -> None:
    """A component taken down on purpose is not brought back by the supervisor."""
    first = init.ask("start", "one", argv=FOREVER)["one"]
    assert init.ask("stop", "one") == {}
    assert not alive(first)
    second = init.ask("restart", "one")["one"]
    assert second != first
    assert alive(second)


def test_restart_replaces_a_running_component(init: Namespaces) -> None:
    """The old process is gone before the new one is told."""
    first = init.ask("start", "one", argv=FOREVER)["one"]
    second = init.ask("restart", "one")["one"]
    assert first != second
    assert not alive(first)


def test_a_mistake_is_answered_and_survived(init: Namespaces) -> None:
    """A program that does not exist, and a component nobody started, are errors that say so."""
    with pytest.raises(ClusterError, match="no-such-program"):
        init.ask("start", "one", argv=["no-such-program"])
    with pytest.raises(ClusterError, match="KeyError: 'two'"):
        init.ask("signal", "two", signal=9)
    assert init.ask("list") == {}
