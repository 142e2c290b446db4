"""The whole shop as processes, on servers of its own, with a proxy between each worker and the broker."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

import aio_pika
import httpx
from pamqp.commands import Queue as Asked

from libs.broker.topology import RETRY_DELAYS
from libs.contracts.topology import QUEUES, Queue, StaticQueue
from libs.testing.ports import free_port
from libs.testing.proxy import Proxy
from ops.admin.addresses import Addresses
from ops.stack.services import SERVICES
from ops.verify.databases import Databases, opened
from tests.faults.network import Host
from tests.faults.process_factory import ProcessFactory
from tests.faults.processes import Process
from tests.faults.servers import Servers
from tests.faults.write_log import WriteLog

ADMIN: Final = {"ADMIN_EMAIL": "root@example.com", "ADMIN_PASSWORD": "correct horse battery"}
# Seconds. A connection that says nothing is given up after some of these, on either side.
HEARTBEAT: Final = 5
# Nobody is there: orders go on without their mails being posted.
MAIL: Final = {"SMTP_HOST": "127.0.0.1", "MAIL_FROM": "shop@example.com"}


@dataclass(frozen=True)
class Cluster:
    servers: Servers
    processes: Mapping[str, Process]
    proxies: Mapping[str, Proxy]
    """By the worker's name."""
    management: httpx.AsyncClient
    ledger: WriteLog = field(default_factory=WriteLog)
    """Of all that ever happened on it."""

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, hosts: Sequence[Host] = (Host(),)) -> AsyncIterator[Self]:
        async with AsyncExitStack() as stack:
            # She imports while the servers start.
            nursery = await stack.enter_async_context(ProcessFactory.open())
            servers = await stack.enter_async_context(Servers.open(folder / "servers", hosts))
            address = f"{servers.amqp_url}?heartbeat={HEARTBEAT}"
            proxies = {f"{each.name}-worker": await stack.enter_async_context(Proxy(address)) for each in SERVICES}
            logs = folder / "logs"
            logs.mkdir()
            processes = _processes(servers, proxies, nursery, logs)
            stack.push_async_callback(_stop, processes.values())
            await asyncio.gather(*(process.start() for process in processes.values()))
            broker = httpx.URL(servers.amqp_url)
            management = httpx.AsyncClient(
                base_url=servers.ui_url, auth=(broker.username, broker.password), timeout=30, trust_env=False
            )
            await stack.enter_async_context(management)
            yield cls(servers, processes, proxies, management)

    def url(self, service: str) -> str:
        return f"{self.processes[f'{service}-api'].url}/api/v1"

    @asynccontextmanager
    async def databases(self) -> AsyncIterator[Databases]:
        addresses = {f"{service.upper()}_DATABASE_URL": url for service, url in self.servers.databases.items()}
        async with opened(Addresses(addresses, "")) as databases:
            yield databases

    async def restart(self, name: str) -> None:
        await self.processes[name].kill()
        await self.processes[name].start()

    async def waiting_in(self, name: str) -> int:
        """How many messages wait there for a reader at this moment."""
        [found] = (await self._asked([name])).values()
        return found.message_count or 0

    async def readers(self, *names: str) -> set[int]:
        """How many each of them has at this moment."""
        return {found.consumer_count or 0 for found in (await self._asked(names)).values()}

    async def waiting(self) -> dict[str, int]:
        """What the queues hold, and those where messages wait for another try or for a person."""
        names = [name for queue in QUEUES for name in (queue.name, queue.parked, *_retry_delays(queue))]
        return {name: found.message_count for name, found in (await self._asked(names)).items() if found.message_count}

    async def _asked(self, names: Iterable[str]) -> dict[str, Asked.DeclareOk]:
        connection = await aio_pika.connect(self.servers.amqp_url)
        async with connection, connection.channel() as channel:
            return {name: (await channel.declare_queue(name, passive=True)).declaration_result for name in names}

    async def purge(self, name: str) -> None:
        (await self.management.delete(f"/api/queues/%2F/{quote(name)}/contents")).raise_for_status()

    async def unbind(self, queue: StaticQueue) -> None:
        """Everything that binds it, as a person with the management page does who thinks it is of no use."""
        path = f"/api/bindings/%2F/e/{quote(queue.exchange.name)}/q/{quote(queue.name)}"
        found: list[dict[str, Any]] = (await self.management.get(path)).json()
        for binding in found:
            (await self.management.delete(f"{path}/{quote(binding['properties_key'])}")).raise_for_status()


def _retry_delays(queue: Queue) -> list[str]:
    return [queue.retry(delay.name) for delay in RETRY_DELAYS]


async def _stop(processes: Iterable[Process]) -> None:
    await asyncio.gather(*(process.stop() for process in processes))


def _processes(
    servers: Servers, proxies: Mapping[str, Proxy], nursery: ProcessFactory, logs: Path
) -> dict[str, Process]:
    ports = {
        name: servers.take_port() for name in (f"{each.name}-{part}" for each in SERVICES for part in ("api", "worker"))
    }

    def at(name: str) -> str:
        return f"http://127.0.0.1:{ports[name]}"

    keys = {"JWKS_URL": f"{at('auth-api')}/.well-known/jwks.json"}
    own = {
        # Cheap passwords: it is not them that is tested.
        "auth-api": {"JWT_PRIVATE_KEY_FILE": str(servers.signing_key), "BCRYPT_COST": "4", **ADMIN},
        "catalog-api": keys,
        "order-api": {**keys, "CATALOG_URL": at("catalog-api"), "PAYMENT_WEBHOOK_SECRET": "agreed"},
        "order-worker": {**MAIL, "SMTP_PORT": str(free_port())},
    }
    processes = {}
    for name, port in ports.items():
        service, part = name.split("-")
        environment = {"DATABASE_URL": servers.databases[service], **own.get(name, {})}
        if part == "worker":
            environment |= {"AMQP_URL": proxies[name].url, "RABBITMQ_UI_URL": servers.ui_url}
        module = f"{service}_service.{'main' if part == 'api' else part}"
        processes[name] = Process(module, environment, logs, port, nursery)
    return processes
