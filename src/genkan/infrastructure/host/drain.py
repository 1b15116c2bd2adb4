"""Ask a data plane, over its Unix sockets, whether it is ready, and to finish what it has begun.

The words are Envoy's (https://www.envoyproxy.io/docs/envoy/latest/operations/admin); a data plane that does not know them answers
with an error, and is then waited for by its connections alone.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import aiohttp

READY_URL = "http://data-plane/ready"
DRAIN_URL = "http://data-plane/drain_listeners?graceful&skip_exit"
"""From now on every answer asks its client to close the connection."""

CLOSE_URL = "http://data-plane/drain_listeners"
"""Accept nobody any more. Nobody else serves this address, so a client that went on connecting would only never let it finish."""

REQUESTS_URL = "http://data-plane/stats?filter=downstream_rq_active"

_ANSWER_WITHIN = aiohttp.ClientTimeout(total=2.0)


async def is_ready(readiness: str) -> bool:
    """Tell whether the readiness socket answers 200 now."""
    try:
        async with _session(readiness) as session, session.get(READY_URL) as answer:
            return answer.status == 200
    except (OSError, aiohttp.ClientError, TimeoutError):
        return False


async def accepts(address: str, port: int) -> bool:
    """Tell whether somebody listens there."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(0)
        try:
            async with asyncio.timeout(1.0):
                await loop.sock_connect(attempt, (address, port))
        except OSError:  # a timeout is one
            return False
    return True


async def drain(
    admin: str, clients: Callable[[], Awaitable[int]], *, seconds: float, idle: float, ended: Callable[[], bool]
) -> None:
    """Ask for the drain, then wait until all is finished: at most `seconds`. `clients` counts those who are connected.

    Finished is: it ended; or nobody is connected; or for `idle` seconds no request was under way. (A connection kept alive without
    a request has nothing to lose: the address goes away.)
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    await _post(admin, DRAIN_URL)
    await _post(admin, CLOSE_URL)
    busy, pause = loop.time(), 0.01
    while not ended() and await clients() and loop.time() < deadline:
        if await requests_under_way(admin) != 0:
            busy = loop.time()
        elif loop.time() - busy >= idle:
            return
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.1)


async def requests_under_way(admin: str) -> int | None:
    """Give how many requests the data plane is answering, long streams and WebSockets included; None if it does not say."""
    try:
        async with _session(admin) as session, session.get(REQUESTS_URL) as answer:
            lines = (await answer.text()).splitlines() if answer.status == 200 else []
    except (OSError, aiohttp.ClientError, TimeoutError):
        return None
    counts = [
        value for name, _, value in (line.partition(": ") for line in lines) if not name.startswith("http.admin.")
    ]
    return sum(int(value) for value in counts if value.isdecimal()) if counts else None


async def _post(admin: str, url: str) -> None:
    try:
        async with _session(admin) as session, session.post(url) as answer:
            await answer.read()
    except (OSError, aiohttp.ClientError, TimeoutError):
        return  # it does not answer: waiting for its connections is all that can be done


def _session(path: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.UnixConnector(path), timeout=_ANSWER_WITHIN)
