"""Chunks into lines. aiohttp's own reader refuses long lines, and one object of a watch may have megabytes in one line."""

from collections.abc import AsyncGenerator, AsyncIterator

from genkan.errors import TransientError

LONGEST = 32 * 1024 * 1024
"""Bytes; etcd takes objects of 1.5 MiB by default, so that more than this without an end is no watch."""


async def lines(chunks: AsyncIterator[bytes], *, longest: int = LONGEST) -> AsyncGenerator[bytes, None]:
    """Give each whole line without its end, empty ones left out; what stands behind the last newline was cut off and is dropped."""
    rest = bytearray()
    async for chunk in chunks:
        begin = 0
        while (end := chunk.find(b"\n", begin)) >= 0:
            line = bytes(rest) + chunk[begin:end]
            rest.clear()
            begin = end + 1
            if line.strip():
                yield line
        rest += chunk[begin:]
        if len(rest) > longest:
            raise TransientError(f"a line of more than {longest} bytes in a watch")
