"""Connections: counted at one end, by the kernel, and read once for many who ask."""

import asyncio
from pathlib import Path

from genkan.infrastructure.host.connections import Connections, read
from tests.support.waiting import free_port, until

ADDRESS = "127.11.12.14"

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


async def test_clients_are_counted_at_our_end_only() -> None:
    """The kernel's table has both ends of a loopback connection, listeners, and everybody else's."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _reader, writer: held.append(writer), ADDRESS, free_port(ADDRESS))
    table = Connections()
    assert await table.count(ADDRESS) == 0
    for _ in range(2):
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        held.append(writer)
    assert await table.count(ADDRESS) == 2
    await until(lambda: len(held) == 4)
    for each in held:
        each.close()
        await each.wait_closed()
    server.close()
    assert await table.count(ADDRESS) == 0


def test_a_half_closed_one_counts_and_one_that_is_over_does_not(tmp_path: Path) -> None:
    """01 is ESTABLISHED, 08 CLOSE_WAIT, 06 TIME_WAIT, 0A LISTEN (include/net/tcp_states.h)."""
    table = tmp_path / "tcp"
    states = ("01", "08", "06", "0A", "01")
    lines = [f"{n:4}: 0100007F:0050 0100007F:C{n:03} {state} 0:0 00:0 0 0 0 {n}\n" for n, state in enumerate(states)]
    table.write_text(HEAD + "".join(lines))
    assert dict(read(table)) == {"0100007F": 3}


async def test_many_who_ask_at_once_share_a_reading() -> None:
    """Two hundred data planes that are stopped together read the table once or twice, not two hundred times."""
    table = Connections()
    await asyncio.gather(*(table.count(ADDRESS) for _ in range(200)))
    assert table._begun <= 2


async def test_who_asks_later_gets_a_later_reading() -> None:
    """A connection that came after the last reading is never missed."""
    table = Connections()
    first = asyncio.create_task(table.count(ADDRESS))
    await until(lambda: table._begun == 1)
    await table.count(ADDRESS)
    assert table._begun == 2
    await first
