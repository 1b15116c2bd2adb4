"""Processes: started detached, found by what they are, never confused with another, watched without being children."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from genkan.infrastructure.host import processes
from genkan.infrastructure.host.processes import STATE_DIR, UNIT, WORKLOAD, Found, Process
from tests.support.waiting import until

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")

Start = Callable[..., Process]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a program as a data plane of tmp_path; all are ended afterwards."""
    started: list[Process] = []

    def begin(*command: str, unit: str = "shop/web", state_dir: Path = tmp_path) -> Process:
        env = {STATE_DIR: str(state_dir), UNIT: unit, WORKLOAD: "digest"}
        started.append(processes.start(command, env, tmp_path / "log", lambda: None))
        return started[-1]

    yield begin
    for process in started:
        process.signal(signal.SIGKILL)
    await until(lambda: all(process.ended for process in started))


async def test_it_is_found_by_what_it_is(start: Start, tmp_path: Path) -> None:
    """Key, digest and start time, whoever looks; only those of the state directory asked for."""
    first = start(*SLEEP)
    other = start(*SLEEP, state_dir=tmp_path / "other")
    await until(lambda: len([*processes.scan(str(tmp_path)), *processes.scan(str(tmp_path / "other"))]) == 2)
    assert list(processes.scan(str(tmp_path))) == [Found(first.pid, first.start_time, "shop/web", "digest")]
    assert [found.pid for found in processes.scan(str(tmp_path / "other"))] == [other.pid]


async def test_what_a_data_plane_starts_is_none(start: Start, tmp_path: Path) -> None:
    """A child inherits the marks and is not the data plane."""
    code = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(5)']); print('up'); sys.stdout.flush(); time.sleep(60)"
    process = start(sys.executable, "-c", code)
    await until(lambda: "up" in (tmp_path / "log").read_text())
    assert [found.pid for found in processes.scan(str(tmp_path))] == [process.pid]


async def test_it_has_nothing_of_ours(start: Start, tmp_path: Path) -> None:
    """A session of its own, no open file but its log, our environment left out."""
    os.environ["GENKAN_TEST_LEAK"] = "leak"
    with (tmp_path / "open").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        code = "import os; print(sorted(os.environ), os.listdir('/proc/self/fd'), os.getsid(0) == os.getpid(), os.getcwd())"
        process = start(sys.executable, "-c", code)
        await until(lambda: process.ended)
    del os.environ["GENKAN_TEST_LEAK"]
    said = (tmp_path / "log").read_text()
    assert "GENKAN_TEST_LEAK" not in said
    assert "['0', '1', '2', '3']" in said  # 3 is the listing itself
    assert said.rstrip().endswith("True /")


async def test_a_log_at_its_cap_loses_lines_and_never_the_process(start: Start, tmp_path: Path) -> None:
    """Nobody may be there to cut it, and a data plane that logs much must go on serving."""
    code = (
        "import os, sys\n"
        "lost = 0\n"
        "for _ in range(20):\n"
        "    try: os.write(1, b'x' * (1 << 20))\n"
        "    except OSError: lost += 1\n"
        "sys.exit(7 if lost else 0)"
    )
    process = start(sys.executable, "-c", code)
    await until(lambda: process.ended)
    assert process.outcome == "ended with exit code 7"
    assert (tmp_path / "log").stat().st_size <= processes.LOG_CAP


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("raise SystemExit(3)", "ended with exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by SIGKILL"),
    ],
)
async def test_how_it_ended(start: Start, code: str, outcome: str) -> None:
    """In words, with the code or the signal's name."""
    process = start(sys.executable, "-c", code)
    await until(lambda: process.ended)
    assert process.outcome == outcome


async def test_a_program_that_is_not_there_is_an_oserror(start: Start) -> None:
    """The caller tells the user."""
    with pytest.raises(FileNotFoundError):
        start("/does/not/exist")


def test_one_that_cannot_be_watched_is_not_left_running(tmp_path: Path) -> None:
    """Here for want of an event loop; else for want of file descriptors. Nobody would know of it, and nobody would reap it."""
    env = {STATE_DIR: str(tmp_path), UNIT: "shop/web"}
    before = ours()
    with pytest.raises(RuntimeError, match="no running event loop"):
        processes.start(SLEEP, env, tmp_path / "log", lambda: None)
    left = list(processes.scan(str(tmp_path)))
    for found in left:
        os.kill(found.pid, signal.SIGKILL)
    assert not left
    assert ours() == before


def ours() -> tuple[list[Path], str]:
    """Give this process's open files and its children, the dead ones that nobody has waited for included."""
    return sorted(Path("/proc/self/fd").iterdir()), Path("/proc/thread-self/children").read_text()


async def test_one_taken_over_is_watched_and_ended(start: Start) -> None:
    """By pidfd: nobody needs to be its parent."""
    process = start(*SLEEP)
    news = asyncio.Event()
    taken = processes.take_over(Found(process.pid, process.start_time, "shop/web", "digest"), news.set)
    assert taken is not None
    taken.signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        await news.wait()
    assert taken.ended
    assert "how is known only to the process that started it" in taken.outcome
    taken.signal(signal.SIGTERM)


async def test_a_number_used_again_is_not_taken_over(start: Start) -> None:
    """The same number with another start is another process: not ours to signal."""
    process = start(*SLEEP)
    found = Found(process.pid, process.start_time - 1, "shop/web", "digest")
    assert processes.take_over(found, lambda: None) is None
    assert not process.ended


async def test_one_that_is_gone_is_not_taken_over(start: Start) -> None:
    """It ended between the look and the grasp."""
    process = start(sys.executable, "-c", "")
    await until(lambda: process.ended)
    assert processes.take_over(Found(process.pid, process.start_time, "shop/web", ""), lambda: None) is None
    assert processes.start_time(process.pid) is None


async def test_one_let_go_of_lives_on(start: Start, tmp_path: Path) -> None:
    """As when we are killed."""
    process = start(*SLEEP)
    process.release()
    (found,) = await until(lambda: list(processes.scan(str(tmp_path))))
    taken = processes.take_over(found, lambda: None)
    assert taken is not None
    taken.signal(signal.SIGKILL)
    await until(lambda: taken.ended)
    process.ended = True


def test_a_long_log_is_cut_where_it_stands(tmp_path: Path) -> None:
    """The writer's file stays the same one; the latest part is kept beside it."""
    log = tmp_path / "log"
    with log.open("ab") as writer:
        writer.write(b"early" + b"x" * processes.LOG_BYTES + b"late")
        writer.flush()
        processes.cut_log(log)
        writer.write(b"next")
    assert log.read_bytes() == b"next"
    kept = (tmp_path / "log.1").read_bytes()
    assert kept.endswith(b"late")
    assert len(kept) == processes.LOG_BYTES


def test_a_short_log_is_left_alone(tmp_path: Path) -> None:
    """And an absent one."""
    (tmp_path / "log").write_text("x")
    processes.cut_log(tmp_path / "log")
    processes.cut_log(tmp_path / "absent")
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


@pytest.mark.parametrize(
    ("content", "since", "line"),
    [
        ("", 0, ""),
        ("one\ntwo\n\n", 0, "two"),
        ("[2026-11-23 20:00:00.000][7][critical][main] [source/server.cc:1] no such file\n", 0, "no such file"),
        ("old\n", 4, ""),
        ("old\nnew\n", 4, "new"),
        ("new\n", 400, "new"),
        ("x" * 9000, 0, "x" * 300),
        ("[all in brackets]\n", 0, ""),
    ],
    ids=["empty", "last", "a logger's marks", "another process's", "its own", "cut meanwhile", "long", "brackets"],
)
def test_last_line(tmp_path: Path, content: str, since: int, line: str) -> None:
    """What a person would quote."""
    (tmp_path / "log").write_text(content)
    assert processes.last_line(tmp_path / "log", since) == line


def test_no_log_no_line(tmp_path: Path) -> None:
    """A process that never came to write."""
    assert processes.last_line(tmp_path / "absent", 0) == ""
