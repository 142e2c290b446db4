"""The small API in a process of its own, which has one shelf open for as long as it lives."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import Gauge
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.http.tests.unit.shelf import make_app

OPEN = Gauge("shelves_open", "Shelves that are open", multiprocess_mode="livesum")


class Signed:
    """Tells which process has answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sign(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Pid"] = str(os.getpid())
            await send(message)

        await self._app(scope, receive, sign)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    OPEN.set(1)
    yield


app = make_app(lifespan=lifespan)
app.add_middleware(Signed)
