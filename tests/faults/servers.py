"""A PostgreSQL and a RabbitMQ that nobody else uses, to be killed and frozen."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from libs.testing.databases import migrations_of
from libs.testing.wait import until
from ops.stack import child, postgres, rabbitmq
from ops.stack.credentials import Credentials
from ops.stack.layout import REPOSITORY, Layout
from ops.stack.ports import PortReservations
from ops.stack.postgres import Postgres
from ops.stack.process import Spec
from ops.stack.rabbitmq import RabbitMQ
from ops.stack.rabbitmq_install import find_or_fetch
from ops.stack.services import SERVICES
from ops.stack.wiping import wipe

# Below the ports that connections take for themselves, so that a server which was killed finds its own free again.
FIRST_PORT = 21_000
PATIENCE = 180
# What a test run throws away need not outlive a power cut, but it must outlive the server's death.
DURABLE = ("-c", "synchronous_commit=on")


@dataclass
class Server:
    spec: Spec
    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when it answers."""

        async def up() -> bool:
            # PostgreSQL refuses to start until the last process of its former life is gone.
            if self._process is None or self._process.returncode is not None:
                spec = self.spec
                self._process = await child.start(
                    spec.command,
                    env=spec.env,
                    cwd=spec.cwd,
                    log=spec.log,
                    account=spec.account,
                    on_parent_death=signal.SIGKILL,
                )
            return await self.spec.ready()

        await until(up, timeout=PATIENCE, every=0.1)

    async def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self._process is not None
        await self._process.wait()

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self.thaw()
            self.signal(self.spec.stop_signal)
            await self._process.wait()


@dataclass
class Servers:
    postgres: Server
    rabbitmq: Server
    amqp_url: str
    ui_url: str
    databases: Mapping[str, str]
    """The URL of each service's own, migrated."""
    ports: PortReservations
    signing_key: Path

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Self]:
        layout, credentials, ports = Layout(folder), Credentials(), PortReservations()
        layout.make()
        database = Postgres(ports.take(FIRST_PORT), credentials.postgres)
        queues = RabbitMQ(
            port=ports.take(FIRST_PORT + 1),
            ui_port=ports.take(FIRST_PORT + 2),
            distribution_port=ports.take(FIRST_PORT + 3),
            epmd_port=ports.take(FIRST_PORT + 4),
            password=credentials.rabbitmq,
            cookie=credentials.erlang_cookie,
        )
        async with AsyncExitStack() as stack:
            stack.callback(ports.release)
            stack.callback(wipe, layout)
            installation = await asyncio.to_thread(find_or_fetch, layout.log("fetch"))
            names = Server(rabbitmq.epmd(layout, queues, installation))
            broker = Server(rabbitmq.broker(layout, queues, installation, scratch=True))
            spec = await postgres.prepare(layout, database, scratch=True)
            server = Server(replace(spec, command=(*spec.command, *DURABLE)))
            for each in (names, broker, server):
                stack.push_async_callback(each.stop)
            await names.start()
            await asyncio.gather(broker.start(), server.start())
            await postgres.create_databases(database, credentials)
            urls = {
                service.name: database.url(service.database, service.role, service.password(credentials))
                for service in SERVICES
            }
            await asyncio.gather(_new_key(layout.signing_key), *(_migrate(name, url) for name, url in urls.items()))
            yield cls(server, broker, queues.url, queues.ui_url, urls, ports, layout.signing_key)

    def take_port(self) -> int:
        return self.ports.take(FIRST_PORT + 5)


async def _migrate(service: str, url: str) -> None:
    await migrations_of(f"{service}_service")(url)


async def _new_key(path: Path) -> None:
    making = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "auth_service.core.keys", str(path)), cwd=REPOSITORY, env=os.environ
    )
    assert await making.wait() == 0
