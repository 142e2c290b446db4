"""Where contests take place: two servers, databases filled alike in each run, and a folder for logs."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from benchmarks import data
from benchmarks.programs import Program, running
from libs.broker import topology
from libs.testing.databases import migrations_of
from libs.testing.vhosts import fresh_vhost

Fill = Callable[[asyncpg.Connection], Awaitable[None]]


@dataclass
class Fixtures:
    server: str
    products: int
    logs: Path
    traceable: bool
    """Whether profilers may look into its programs."""
    _scope: AsyncExitStack
    quick: bool = False
    """Whether programs stay for rows that want the same ones: starting them is most of what a short run takes."""
    programs: list[Program] = field(default_factory=list)
    """Those that run."""
    _staying: dict[tuple[str, frozenset[tuple[str, str]]], Program] = field(default_factory=dict)
    _databases: dict[str, str] = field(default_factory=dict)
    _templates: set[str] = field(default_factory=set)
    _brokers: dict[str, str] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, products: int, logs: Path, *, traceable: bool = False, quick: bool = False
    ) -> AsyncIterator[Self]:
        """On the PostgreSQL of `DATABASE_URL`, which must let its user make databases."""
        async with AsyncExitStack() as scope:
            yield cls(os.environ["DATABASE_URL"], products, logs, traceable, scope, quick)

    async def catalog(self, products: int | None = None, levels: int | None = None, own: str = "") -> str:
        """The URL of a catalog with so many products. It is made when it is first asked for, and dropped at the end.

        `own`: whose it is alone.
        """
        products = products or self.products
        fill = partial(data.fill_catalog, products=products, levels=levels)
        return await self._database("catalog_service", f"catalog_{products}_{levels or 'tree'}{own}", fill)

    async def orders(self, orders: int | None = None, own: str = "") -> str:
        """The URL of an order database that has so many orders, and knows all products and 10,000 users."""
        orders = orders or self.products // 10
        fill = partial(data.fill_orders, products=self.products, orders=orders)
        return await self._database("order_service", f"orders_{orders}{own}", fill)

    async def auth(self) -> str:
        return await self._database("auth_service", "auth", data.fill_auth)

    async def broker(self, own: str = "") -> str:
        """The URL of a virtual host with all queues, bound, on the broker of `AMQP_URL` and `RABBITMQ_UI_URL`."""
        if own not in self._brokers:
            url = await self._scope.enter_async_context(fresh_vhost(f"bench_{os.getpid()}{own}"))
            await topology.declare(url)
            await topology.bind(url)
            self._brokers[own] = url
        return self._brokers[own]

    @asynccontextmanager
    async def running(self, module: str, environment: Mapping[str, str]) -> AsyncIterator[Program]:
        async with running(module, environment, self.logs, traceable=self.traceable) as program:
            self.programs.append(program)
            yield program
            self.programs.remove(program)

    @asynccontextmanager
    async def running_all(
        self, *wanted: tuple[str, Mapping[str, str]], may_stay: bool = False
    ) -> AsyncIterator[Sequence[Program]]:
        """They start at the same time. `may_stay`: they do nothing unless they are asked, and disturb no other row."""
        if self.quick and may_stay:
            yield await asyncio.gather(*(self._stay(*each) for each in wanted))
            return
        async with AsyncExitStack() as scope:
            yield await asyncio.gather(*(scope.enter_async_context(self.running(*each)) for each in wanted))

    async def _stay(self, module: str, environment: Mapping[str, str]) -> Program:
        key = module, frozenset(environment.items())
        if key not in self._staying:
            self._staying[key] = await self._scope.enter_async_context(self.running(module, environment))
        return self._staying[key]

    async def _database(self, service: str, kind: str, fill: Fill) -> str:
        if kind not in self._databases:
            # Others may measure on the same server.
            name = f"bench_{os.getpid()}_{kind}"
            url = self._url(name)
            template = await self._migrated(service)
            await self._on_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            self._scope.push_async_callback(self._on_server, f'DROP DATABASE "{name}" WITH (FORCE)')
            database = await asyncpg.connect(url)
            try:
                await fill(database)
                # Else a vacuum starts by itself, in the middle of a measurement.
                await database.execute("VACUUM ANALYZE")
            finally:
                await database.close()
            self._databases[kind] = url
        return self._databases[kind]

    async def _migrated(self, service: str) -> str:
        """The name of an empty database of a service. Each other one is a copy of it."""
        name = f"bench_{os.getpid()}_{service}"
        if name not in self._templates:
            await self._on_server(f'CREATE DATABASE "{name}"')
            self._scope.push_async_callback(self._on_server, f'DROP DATABASE "{name}" WITH (FORCE)')
            await migrations_of(service)(self._url(name))
            self._templates.add(name)
        return name

    def _url(self, database: str) -> str:
        return urlunsplit(urlsplit(self.server)._replace(path=f"/{database}"))

    async def _on_server(self, statement: str) -> None:
        server = await asyncpg.connect(self.server)
        try:
            await server.execute(statement)
        finally:
            await server.close()
