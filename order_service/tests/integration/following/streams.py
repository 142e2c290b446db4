"""Event streams as a client over TCP has them: a response in memory would have to end before it is seen."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from prometheus_client import REGISTRY
from sqlalchemy import text

from libs.testing.wait import until
from order_service.core.settings import Settings
from order_service.domain.actor import Actor
from order_service.domain.stock_result import StockResult
from order_service.main import create_app
from order_service.services.apply_stock_results import apply_stock_results
from order_service.tests.integration.shop import Caller, Json, Shop, ok
from order_service.tests.things import HOLD

PATIENCE = 60.0
LENGTHEN = text("""
    WITH changed AS (UPDATE orders SET version = :newest WHERE id = :id)
    INSERT INTO order_history (order_id, version, at, actor, from_status, to_status, reason)
    SELECT :id, version, now(), 'timer', :status, :status, repeat('x', :size)
    FROM generate_series(2, :newest) AS version
""")


@dataclass(frozen=True)
class Event:
    id: int
    name: str
    data: Json


class Stream:
    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self) -> Event | None:
        """None at the end. Comments are left out."""
        fields: dict[str, Any] = {}
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if name:
                    assert name not in fields
                    fields[name] = value
                elif fields:
                    return Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
        return None

    async def take(self, number: int) -> list[Json]:
        """So many entries of the history; it must not end before."""
        return [await self._entry() for _ in range(number)]

    async def rest(self) -> list[Json]:
        """All entries until it ends."""
        entries = []
        while (event := await self.next()) is not None:
            entries.append(event.data)
        return entries

    async def _entry(self) -> Json:
        event = await self.next()
        assert event is not None
        assert event.id == event.data["version"]
        return event.data


@asynccontextmanager
async def following(caller: Caller, order: Json, after: object = None) -> AsyncIterator[Stream]:
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    async with caller.http.stream("GET", events_of(order), headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        yield Stream(response)


def events_of(order: Json) -> str:
    return f"/order/{order['id']}/events"


def open_streams() -> int:
    """At all processes of the tests, which share their measurements."""
    return int(REGISTRY.get_sample_value("order_event_streams") or 0)


@dataclass(frozen=True)
class Process:
    """One of the API, as far as anybody outside can tell."""

    url: str
    clients: dict[str, httpx.AsyncClient]

    def caller(self, shop: Shop, actor: Actor, seconds: int = 900) -> Caller:
        """`seconds` is how long the token is good."""
        token = shop.neighbours.token(actor, seconds)
        if token not in self.clients:
            headers = {"Authorization": f"Bearer {token}"}
            self.clients[token] = httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=60)
        return Caller(actor, self.clients[token])


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Process]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = create_app(settings)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=5))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        await until(lambda: server.started)
        process = Process(f"http://127.0.0.1:{listening.getsockname()[1]}", {})
        try:
            yield process
        finally:
            for client in process.clients.values():
                await client.aclose()
            server.should_exit = True
            await task


async def reserve(shop: Shop, order: Json) -> None:
    await apply_stock_results(shop.uow, HOLD, StockResult(UUID(order["id"]), 1))


async def comment(caller: Caller, order: Json, *words: object) -> None:
    for word in words:
        ok(await caller.http.put(f"/update_order/{order['id']}", json={"comment": str(word)}))


async def lengthen(shop: Shop, order: Json, newest: int, size: int = 1, status: str = "pending") -> None:
    """Gives a new order a history of so many entries."""
    values = {"id": UUID(order["id"]), "newest": newest, "size": size, "status": status}
    async with shop.engine.begin() as connection:
        await connection.execute(LENGTHEN, values)
