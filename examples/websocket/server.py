"""A WebSocket backend that sends every message back: `server.py PORT`."""

import sys

from aiohttp import WSMsgType, web


async def chat(request: web.Request) -> web.WebSocketResponse:
    """Repeat each text message until the client closes."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(f"you said: {message.data}")
    return socket


if __name__ == "__main__":
    application = web.Application()
    application.router.add_get("/chat", chat)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]))
