"""Chunks into lines."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.errors import TransientError
from genkan.kube.lines import lines


async def stream(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param([b"a\nb\n"], [b"a", b"b"], id="two-in-one"),
        pytest.param([b"a", b"b\nc", b"", b"\n"], [b"ab", b"c"], id="across-chunks"),
        pytest.param([b"a\n\r\n\n b\n"], [b"a", b" b"], id="empty-lines"),
        pytest.param([b"a\nhalf"], [b"a"], id="cut-off"),
        pytest.param([], [], id="nothing"),
    ],
)
async def test_lines(chunks: list[bytes], expected: list[bytes]) -> None:
    """Whole lines only."""
    assert [line async for line in lines(stream(chunks))] == expected


@given(st.lists(st.binary(max_size=6).filter(lambda line: b"\n" not in line and line.strip())), st.integers(1, 7))
async def test_no_cut_matters(whole: list[bytes], size: int) -> None:
    """However the network cuts the stream."""
    data = b"".join(line + b"\n" for line in whole)
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert [line async for line in lines(stream(chunks))] == whole


async def test_a_line_without_an_end_is_refused() -> None:
    """Memory is bounded, whatever answers."""
    with pytest.raises(TransientError, match="more than 10 bytes"):
        await anext(lines(stream([b"x" * 6] * 3), longest=10))
