"""Says something to the example's backend through Genkan: `client.py ADDRESS[:PORT] TEXT` prints the answer."""

import asyncio
import sys

import aiohttp


async def say(address: str, text: str) -> str:
    """Open a WebSocket, send one message, return the answer."""
    headers = {"Host": "chat.example.com"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://{address}/chat", headers=headers) as socket,
    ):
        await socket.send_str(text)
        return await socket.receive_str()


if __name__ == "__main__":
    print(asyncio.run(say(*sys.argv[1:3])))
