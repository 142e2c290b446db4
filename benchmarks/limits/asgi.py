"""An ASGI application as a function, without a framework."""

import gc
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]
Answer = tuple[int, bytes, Headers]
Handler = Callable[[Scope, Receive], Awaitable[Answer]]

NOT_FOUND: Answer = (404, b"", ())
READY: Answer = (200, b"", ())


class Application:
    """`lifespan` is entered before the first request; `handler` answers what it does not find with NOT_FOUND."""

    def __init__(self, lifespan: Callable[[], AbstractAsyncContextManager[Any]], handler: Handler) -> None:
        self._lifespan = lifespan
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            # As the shop does: what was imported is no garbage.
            gc.collect()
            gc.freeze()
            async with self._lifespan():
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        status, body, headers = READY if scope["path"] == "/health/ready" else await self._handler(scope, receive)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()),
                    *headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})
