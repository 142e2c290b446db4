"""How long a stream lasts, and what remains of it."""

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.process.ids import new_id
from libs.testing.databases import ROOT
from libs.testing.proxy import Proxy
from libs.testing.wait import until
from order_service.api import events
from order_service.core.settings import Settings
from order_service.repositories import order_feed
from order_service.repositories.order_feed import PgOrderFeed
from order_service.tests.integration.following.streams import (
    Process,
    comment,
    events_of,
    following,
    lengthen,
    open_streams,
    reserve,
    running,
)
from order_service.tests.integration.shop import Caller, Json, Shop, ok, refused
from order_service.tests.things import an_admin

CONNECTIONS = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")


async def test_who_goes_leaves_nothing_behind(engine: AsyncEngine, me: Caller, order: Json) -> None:
    async def connections() -> int:
        async with engine.connect() as connection:
            return int(await connection.scalar(CONNECTIONS) or 0)

    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(following(me, order))]
        await streams[0].take(1)
        before = await connections()
        streams += [await stack.enter_async_context(following(me, order)) for _ in range(20)]
        for stream in streams[1:]:
            await stream.take(1)
        assert open_streams() == 21
        assert await connections() < before + 10
    await until(lambda: open_streams() == 0)


async def test_while_nobody_follows_nothing_is_asked(shop: Shop, settings: Settings, order: Json) -> None:
    looks: list[float] = []

    class Counting(PgOrderFeed):
        async def _look(self, connection: Any) -> None:
            looks.append(time.monotonic())
            await super()._look(connection)

    watch = Counting(settings.database_url)
    async with watch.running():
        assert not looks
        for after in (0, 1):
            with watch.follow(UUID(order["id"]), after, new_id()) as follower:
                assert await follower.next_page()
            # A ring: whoever would still listen to it looks before the next one does.
            await reserve(shop, order)
    assert len(looks) == 2


@pytest.mark.parametrize("turns", range(4))
async def test_a_ring_at_the_last_moment_does_not_keep_the_watch(
    settings: Settings, order: Json, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_feed, "MIN_INTERVAL", 0)
    watch = PgOrderFeed(settings.database_url)
    async with asyncio.timeout(30), watch.running():
        with watch.follow(UUID(order["id"]), 0, new_id()) as follower:
            assert await follower.next_page()
            await turns_of_the_loop(10)
            with watch.follow(UUID(order["id"]), 1, new_id()):  # which rings as well
                await turns_of_the_loop(turns)


async def turns_of_the_loop(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_streams_outlive_an_outage_of_the_database(
    shop: Shop, settings: Settings, me: Caller, order: Json
) -> None:
    async with (
        Proxy(settings.database_url) as proxy,
        running(settings.model_copy(update={"database_url": proxy.url})) as cut_off,
        following(cut_off.caller(shop, me.actor), order) as stream,
    ):
        await stream.take(1)
        await proxy.cut()
        await comment(me, order, "a", "b")
        refused(await cut_off.caller(shop, me.actor).http.get(events_of(order)), 503, "service_unavailable")
        await proxy.restore()
        assert [entry["version"] for entry in await stream.take(2)] == [2, 3]
        # And where its connection stays, but nothing comes through it any more.
        proxy.blackhole()
        await comment(me, order, "c")
        assert [entry["version"] for entry in await stream.take(1)] == [4]
        ok(await me.http.post(f"/order/{order['id']}/cancel"))
        assert [entry["version"] for entry in await stream.rest()] == [5]


async def test_a_stream_lives_no_longer_than_its_token(shop: Shop, here: Process, me: Caller, order: Json) -> None:
    async with following(here.caller(shop, me.actor, seconds=2), order) as stream:
        assert await stream.rest() == await me.history(order)


@pytest.mark.parametrize(
    "history",
    [
        pytest.param((3000, 4000, "pending"), id="in the middle"),
        pytest.param((2, 12_000_000, "cancelled"), id="before the end"),
    ],
)
async def test_who_takes_nothing_any_more_is_let_go(
    shop: Shop,
    here: Process,
    me: Caller,
    order: Json,
    monkeypatch: pytest.MonkeyPatch,
    history: tuple[int, int, str],
) -> None:
    monkeypatch.setattr(events, "SEND_TIMEOUT", 0.2)
    await lengthen(shop, order, *history)
    token = shop.neighbours.token(me.actor)
    address = urlsplit(here.url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, (address.hostname, address.port))
        request = (f"GET /api/v1{events_of(order)} HTTP/1.1", "Host: order", f"Authorization: Bearer {token}", "", "")
        await loop.sock_sendall(client, "\r\n".join(request).encode())
        assert (await loop.sock_recv(client, 100)).startswith(b"HTTP/1.1 200")
        await until(lambda: open_streams() == 1)
        await until(lambda: open_streams() == 0)


async def test_nobody_takes_all_streams(
    shop: Shop, here: Process, me: Caller, order: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_feed, "STREAMS_OF_ONE", 2)
    monkeypatch.setattr(order_feed, "STREAMS_OF_ALL", 3)
    admin = here.caller(shop, an_admin())
    async with following(me, order), following(admin, order):
        async with following(me, order):
            answer = await me.http.get(events_of(order))
            refused(answer, 429, "too_many_streams")
            assert int(answer.headers["retry-after"]) > 0
            refused(await admin.http.get(events_of(order)), 503, "service_unavailable")
        await until(lambda: open_streams() == 2)
        async with following(me, order) as stream:
            assert await stream.take(1)


async def test_a_process_that_ends_lets_its_streams_end(
    settings: Settings, me: Caller, order: Json, unused_tcp_port: int
) -> None:
    environment = {
        "DATABASE_URL": settings.database_url,
        "CATALOG_URL": settings.catalog_url,
        "JWKS_URL": settings.jwks_url,
        "PAYMENT_WEBHOOK_SECRET": settings.payment_webhook_secret.get_secret_value(),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "order_service.main:app", "--port", str(unused_tcp_port)),
        *("--loop", "uvloop", "--http", "httptools", "--timeout-graceful-shutdown", "5"),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        url = f"http://127.0.0.1:{unused_tcp_port}/api/v1"
        async with (
            httpx.AsyncClient(base_url=url, headers=me.http.headers, timeout=60) as client,
            AsyncExitStack() as stack,
        ):
            far = Caller(me.actor, client)
            await until(lambda: responds(client), timeout=120)
            streams = [await stack.enter_async_context(following(far, order)) for _ in range(5)]
            for stream in streams:
                await stream.take(1)
            process.send_signal(signal.SIGTERM)
            # Whole, to the last chunk: a connection that is merely cut would raise.
            assert [await stream.rest() for stream in streams] == [[]] * 5
            output, _ = await process.communicate()
            # Nor did it take so long that the server would have had to break them off.
            assert b'"level": "error"' not in output, output.decode()
    finally:
        if process.returncode is None:
            process.kill()


async def responds(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/orders")).status_code == 200
    except httpx.TransportError:
        return False
