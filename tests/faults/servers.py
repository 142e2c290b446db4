"""A PostgreSQL and a RabbitMQ that nobody else uses, to be killed and frozen."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from libs.testing.databases import migrations_of
from libs.testing.proxy import Proxy
from ops.stack import postgres
from ops.stack.credentials import Credentials
from ops.stack.paths import REPOSITORY, StackPaths
from ops.stack.ports import PortReservations
from ops.stack.postgres import Postgres
from ops.stack.rabbitmq_install import find_or_fetch
from ops.stack.services import SERVICES
from ops.stack.wipe import wipe
from tests.faults.brokers import Brokers
from tests.faults.network import Host
from tests.faults.server import Server

# Below the ports that connections take for themselves, so that a server which was killed finds its own free again.
FIRST_PORT = 21_000
# What a test run throws away need not outlive a power cut, but it must outlive the server's death.
DURABLE = ("-c", "synchronous_commit=on")


@dataclass
class Servers:
    postgres: Server
    brokers: Sequence[Server]
    amqp_url: str
    ui_url: str
    databases: Mapping[str, str]
    """The URL of each service's own, migrated."""
    ports: PortReservations
    signing_key: Path

    @property
    def rabbitmq(self) -> Server:
        """Where there is one."""
        [broker] = self.brokers
        return broker

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, hosts: Sequence[Host] = (Host(),)) -> AsyncIterator[Self]:
        """One broker on each of the hosts, and one cluster of all of them."""
        layout, credentials, ports = StackPaths(folder), Credentials(), PortReservations()
        # Tests that were killed leave a database that knows other passwords. Wherever it lies, it is found again under
        # the same name.
        wipe(layout)
        layout.make()
        database = Postgres(ports.take(FIRST_PORT), credentials.postgres)
        async with AsyncExitStack() as stack:
            stack.callback(ports.release)
            stack.callback(wipe, layout)
            installation = await asyncio.to_thread(find_or_fetch, layout.log("fetch"))
            brokers = Brokers.on(hosts, folder, credentials, ports, FIRST_PORT + 1, installation)
            for place in brokers.layouts:
                stack.callback(shutil.rmtree, place.rabbitmq, ignore_errors=True)
            spec = await postgres.prepare(layout, database, scratch=True)
            server = Server(replace(spec, command=(*spec.command, *DURABLE)))
            for each in (*brokers.name_servers, *brokers.nodes, server):
                stack.push_async_callback(each.stop)
            await asyncio.gather(*(names.start() for names in brokers.name_servers))
            await asyncio.gather(server.start(), *(node.start() for node in brokers.nodes))
            await postgres.create_databases(database, credentials)
            urls = {
                service.name: database.url(service.database, service.role, service.password(credentials))
                for service in SERVICES
            }
            await asyncio.gather(_new_key(layout.signing_key), *(_migrate(name, url) for name, url in urls.items()))
            amqp_url = await _one_address(stack, [plan.url for plan in brokers.plans])
            ui_url = await _one_address(stack, [plan.ui_url for plan in brokers.plans])
            yield cls(server, brokers.nodes, amqp_url, ui_url, urls, ports, layout.signing_key)

    def take_port(self) -> int:
        return self.ports.take(FIRST_PORT + 5)


async def _one_address(stack: AsyncExitStack, urls: Sequence[str]) -> str:
    """Of several brokers: that of a load balancer."""
    if len(urls) == 1:
        return urls[0]
    return (await stack.enter_async_context(Proxy(*urls))).url


async def _migrate(service: str, url: str) -> None:
    await migrations_of(f"{service}_service")(url)


async def _new_key(path: Path) -> None:
    making = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "auth_service.core.keys", str(path)), cwd=REPOSITORY, env=os.environ
    )
    assert await making.wait() == 0
