"""Count the clients of an address by the kernel's own table: whatever runs there, it cannot err.

Reading the table takes milliseconds however few connections there are, and many data planes ask at once when all are stopped. So
those who wait while it is read share the next reading; nobody is given one that began before he asked.
"""

import asyncio
import ipaddress
import sys
from collections import Counter
from pathlib import Path

TABLE = Path("/proc/net/tcp")

_ESTABLISHED, _CLOSE_WAIT = "01", "08"


class Connections:
    """The table, shared by all who ask."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._begun = 0
        self._counts: Counter[str] = Counter()

    async def count(self, address: str) -> int:
        """Give how many clients are connected to an IPv4 address of this machine now."""
        asked = self._begun
        async with self._lock:
            if self._begun == asked:
                self._begun += 1
                self._counts = await asyncio.to_thread(read)
        return self._counts[_packed(address)]


def read(table: Path = TABLE) -> Counter[str]:
    """Count connections by local address, which the kernel writes as one hexadecimal number in the machine's byte order (proc(5)).

    One that the client has half closed still wants its answer and counts.
    """
    counts: Counter[str] = Counter()
    with table.open(encoding="ascii") as lines:
        next(lines, None)
        for line in lines:
            _, local, _, state, *_ = line.split(maxsplit=4)
            if state in {_ESTABLISHED, _CLOSE_WAIT}:
                counts[local.partition(":")[0]] += 1
    return counts


def _packed(address: str) -> str:
    return f"{int.from_bytes(ipaddress.IPv4Address(address).packed, sys.byteorder):08X}"
