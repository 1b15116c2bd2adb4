"""Printing never raises and never waits, whatever becomes of the reader."""

import os
import re
import time
from collections.abc import Iterator

import pytest

from genkan.cli.outlet import END_WITHIN, Outlet, descriptor_of


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue  # the test closed it


def fill(descriptor: int) -> int:
    """Fill a pipe to the brim; gives the number of bytes."""
    os.set_blocking(descriptor, False)
    size = 0
    try:
        while True:
            size += os.write(descriptor, b"x" * 1024)
    except BlockingIOError:
        os.set_blocking(descriptor, True)
    return size


def everything(descriptor: int) -> str:
    """Read until the other end is closed."""
    with os.fdopen(os.dup(descriptor), "rb") as reader:
        return reader.read().decode()


def test_whole_lines_arrive_in_order(pipe: tuple[int, int]) -> None:
    """However they are cut when they are written."""
    reader, writer = pipe
    with Outlet(writer) as outlet:
        for text in ("on", "e\ntw", "o\n", "Grüße \udc80\n", "never ended"):
            assert outlet.write(text) == len(text)
    os.close(writer)
    assert everything(reader) == "one\ntwo\nGrüße \\udc80\n"


def test_a_reader_that_is_gone_stops_nobody(pipe: tuple[int, int]) -> None:
    """`genkan serve DIR | head -1`."""
    reader, writer = pipe
    os.close(reader)
    with Outlet(writer) as outlet:
        for _ in range(100):
            outlet.write("line\n")
    outlet.write("after the end\n")
    outlet.flush()


def test_a_reader_that_does_not_read_stops_nobody(pipe: tuple[int, int]) -> None:
    """Lines without room are dropped; how many is said as soon as there is room."""
    reader, writer = pipe
    size = fill(writer)
    outlet = Outlet(writer, most=10)
    began = time.monotonic()
    outlet.write("".join(f"line {number}\n" for number in range(1000)))
    assert time.monotonic() - began < 1
    taken = 0
    while taken < size:
        taken += len(os.read(reader, size - taken))
    outlet.close()
    os.close(writer)
    found = everything(reader)
    [dropped] = re.findall(r"\((\d+) lines could not be printed in time\)", found)
    assert found.count("line ") + int(dropped) == 1000
    assert found.index("could not be printed") < found.index("line 1\n")


def test_the_end_does_not_wait_long(pipe: tuple[int, int]) -> None:
    """For a reader that never reads."""
    _, writer = pipe
    fill(writer)
    outlet = Outlet(writer)
    outlet.write("line\n")
    began = time.monotonic()
    outlet.close()
    assert time.monotonic() - began < END_WITHIN + 2


def test_a_descriptor_that_does_not_block_is_waited_for(pipe: tuple[int, int]) -> None:
    """Another process that shares it may have made it so."""
    reader, writer = pipe
    size = fill(writer)
    os.set_blocking(writer, False)
    outlet = Outlet(writer)
    outlet.write("line\n")
    assert len(os.read(reader, size)) == size
    outlet.close()
    os.close(writer)
    assert everything(reader) == "line\n"


def test_no_stream_is_no_descriptor() -> None:
    """A standard stream that was closed before we began; its number may be another file's now."""
    assert descriptor_of(None) is None
    with Outlet(None) as outlet:
        outlet.write("line\n")
        assert not outlet.isatty()
