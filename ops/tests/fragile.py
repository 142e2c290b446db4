"""A whole shop whose servers stand behind proxies, so that a test can take them away."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from libs.testing.databases import fresh_database
from libs.testing.proxy import Proxy
from libs.testing.vhosts import fresh_vhost
from ops.seed.client import Shop
from ops.stack.control import Launch, launch
from ops.stack.options import StackOptions
from ops.stack.paths import StackPaths
from ops.stack.services import SERVICES, Service
from ops.stack.state import Entry, Phase, State, current


@dataclass(frozen=True)
class FragileShop:
    layout: StackPaths
    addresses: dict[str, str]
    broker: Proxy
    databases: dict[Service, Proxy]
    amqp_url: str  # past the proxy
    http: httpx.AsyncClient
    shop: Shop
    admin: str  # the token

    def process(self, name: str) -> Entry:
        return next(entry for entry in current(self.layout).processes if entry.name == name)

    async def readiness(self, name: str) -> httpx.Response:
        return await self.http.get(f"http://127.0.0.1:{self.process(name).port}/health/ready")

    async def all_ready(self) -> bool:
        names = [f"{service.name}-{part}" for service in SERVICES for part in ("api", "worker")]
        answers = await asyncio.gather(*map(self.readiness, names), return_exceptions=True)
        return all(isinstance(answer, httpx.Response) and answer.is_success for answer in answers)

    async def new(self, url: str, **body: Any) -> str:
        """The id of what is created there."""
        created: str = (await self.shop.post(url, body, self.admin)).json()["id"]
        return created

    async def order_status(self, order: str) -> str:
        status: str = (await self.shop.get(f"{self.shop.order}/order/{order}", self.admin)).json()["status"]
        return status


@asynccontextmanager
async def fragile_shop(folder: Path, run: str, worker: str) -> AsyncIterator[FragileShop]:
    async with AsyncExitStack() as scope:
        amqp_url = await scope.enter_async_context(fresh_vhost(f"test_{run[:12]}_{worker}_fragile"))
        broker = await scope.enter_async_context(Proxy(amqp_url))
        databases = {}
        for service in SERVICES:
            url = await scope.enter_async_context(fresh_database(f"fragile_{service.name}", run, worker, _as_it_is))
            databases[service] = await scope.enter_async_context(Proxy(url))
        named = {service.database_variable: proxy.url for service, proxy in databases.items()}
        environment = {**os.environ, "AMQP_URL": broker.url, **named}
        started = launch(StackPaths(folder), StackOptions(scratch=True), attached=True, environment=environment)
        scope.push_async_callback(asyncio.to_thread, started.stop)
        # In a thread, because the proxies are served by this one.
        state = await asyncio.to_thread(_last, started)
        assert state.phase is Phase.READY, (state.error, state.guilty)
        addresses = state.addresses
        http = await scope.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=30))
        shop = Shop(http, auth=addresses["AUTH_URL"], catalog=addresses["CATALOG_URL"], order=addresses["ORDER_URL"])
        admin = await shop.login(addresses["ADMIN_EMAIL"], addresses["ADMIN_PASSWORD"])
        yield FragileShop(started.layout, addresses, broker, databases, amqp_url, http, shop, admin)


async def _as_it_is(_url: str) -> None:
    """The shop migrates its databases itself."""


def _last(started: Launch) -> State:
    return list(started.follow())[-1]
