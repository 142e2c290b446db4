"""All three workers of a shop, on databases and a broker of their own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from auth_service.core.settings import WorkerSettings as AuthSettings
from auth_service.worker import create_worker as auth_worker
from catalog_service.worker import create_worker as catalog_worker
from libs.database.urls import for_asyncpg
from libs.process.settings import WorkerSettings as CatalogSettings
from libs.testing.fixtures import DatabaseFor
from libs.testing.ports import free_port
from libs.testing.vhosts import fresh_vhost
from libs.testing.wait import until
from order_service.core.settings import WorkerSettings as OrderSettings
from order_service.worker import create_worker as order_worker


@dataclass(frozen=True)
class Shop:
    addresses: dict[str, str]
    databases: dict[str, asyncpg.Connection]
    workers: dict[str, FastAPI]

    async def health(self, worker: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.workers[worker])
        async with httpx.AsyncClient(transport=transport, base_url="http://worker") as client:
            return await client.get("/health/ready")


@pytest.fixture(scope="module")
async def shop(database_for: DatabaseFor, run_id: str, worker_name: str) -> AsyncIterator[Shop]:
    urls = {name: await database_for(f"{name}_service", own="operating") for name in ("auth", "catalog", "order")}
    async with AsyncExitStack() as stack:
        amqp_url = await stack.enter_async_context(fresh_vhost(f"test_{run_id[:12]}_{worker_name}_operating"))
        workers = {
            "auth": auth_worker(AuthSettings(database_url=urls["auth"], amqp_url=amqp_url)),
            "catalog": catalog_worker(CatalogSettings(database_url=urls["catalog"], amqp_url=amqp_url)),
            "order": order_worker(
                OrderSettings(
                    database_url=urls["order"],
                    amqp_url=amqp_url,
                    # Nobody is there: the shop goes on without its mails.
                    smtp_host="127.0.0.1",
                    smtp_port=free_port(),
                    mail_from="shop@example.com",
                )
            ),
        }
        databases = {}
        for name, url in urls.items():
            databases[name] = await asyncpg.connect(for_asyncpg(url))
            stack.push_async_callback(databases[name].close)
            await stack.enter_async_context(workers[name].router.lifespan_context(workers[name]))
        addresses = {f"{name.upper()}_DATABASE_URL": for_asyncpg(url) for name, url in urls.items()}
        shop = Shop({**addresses, "AMQP_URL": amqp_url}, databases, workers)
        for name in workers:

            async def is_ready(name: str = name) -> bool:
                return (await shop.health(name)).is_success

            await until(is_ready, timeout=60)
        yield shop
