"""A customer's way through a shop of processes, and what its books say afterwards."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.stock import Admin
from catalog_service.repositories.cache_invalidation import ChangePublisher
from catalog_service.repositories.unit_of_work import CatalogUnitOfWork
from catalog_service.services.manage_products import create_product
from libs.database.database import Database
from libs.outbox.notifier import OutboxNotifier
from libs.process.ids import new_id
from libs.testing.engines import new_engine
from libs.testing.ports import free_port
from libs.testing.wait import until
from order_service.tests.integration.neighbours import Neighbours
from order_service.tests.things import a_customer
from tests.faults.process_factory import ProcessFactory
from tests.faults.processes import Process

Json = dict[str, Any]

BOUGHT = 2
# Seconds. Processes of Python start in one or two, but on a machine that does much else at once in twenty.
PATIENCE = 180
TIME_PASSES = text("UPDATE payments SET due_at = now() WHERE order_id = :id AND due_at IS NOT NULL")
CAPTURES = text("""
    SELECT count(*) FILTER (WHERE declined_because IS NULL) AS captured, count(refunded_at) AS refunded
    FROM mock_provider_charges JOIN payments ON payments.id = payment_id WHERE order_id = :id
""")
ON_SHELF = text("SELECT on_hand, reserved FROM stock WHERE product_id = :id")
RESERVED = text("SELECT state FROM reservations WHERE order_id = :id")


@dataclass
class Shop:
    processes: Mapping[str, Process]
    orders: AsyncEngine
    catalog: AsyncEngine
    uow: UnitOfWorkFactory
    client: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def open(cls, orders_url: str, catalog_url: str, amqp_url: str, logs: Path) -> AsyncIterator[Self]:
        neighbours = Neighbours()
        # Nobody is there: orders go on without their mails.
        mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(free_port()), "MAIL_FROM": "shop@example.com"}
        async with neighbours.serving(), ProcessFactory.open() as nursery:
            process = partial(Process, logs=logs, nursery=nursery)
            processes = {
                "catalog-worker": process(
                    "catalog_service.worker", {"DATABASE_URL": catalog_url, "AMQP_URL": amqp_url}
                ),
                "order-worker": process(
                    "order_service.worker", {"DATABASE_URL": orders_url, "AMQP_URL": amqp_url, **mail}
                ),
                "order-api": process(
                    "order_service.main",
                    {
                        "DATABASE_URL": orders_url,
                        "CATALOG_URL": neighbours.url,
                        "JWKS_URL": f"{neighbours.url}/.well-known/jwks.json",
                        "PAYMENT_WEBHOOK_SECRET": "agreed",
                    },
                ),
            }
            headers = {"Authorization": f"Bearer {neighbours.token(a_customer())}"}
            base_url = f"{processes['order-api'].url}/api/v1"
            orders, catalog = (new_engine(url, pool_size=2) for url in (orders_url, catalog_url))
            transactions, notifier = Database(catalog_url, pool_size=2), OutboxNotifier(catalog_url)
            try:
                await asyncio.gather(*(each.start() for each in processes.values()))
                async with httpx.AsyncClient(base_url=base_url, headers=headers, trust_env=False, timeout=60) as client:
                    yield cls(
                        processes,
                        orders,
                        catalog,
                        partial(CatalogUnitOfWork, transactions, notifier, ChangePublisher(transactions)),
                        client,
                    )
            finally:
                for each in processes.values():
                    await each.stop()
                await notifier.aclose()
                await transactions.aclose()
                await orders.dispose()
                await catalog.dispose()

    async def product(self, stock: int) -> UUID:
        """New, and known to both services."""
        admin = Admin(new_id(), "root")
        fields = {"name": f"Lamp {new_id()}", "price": Decimal("19.99")}
        product, _ = await create_product(self.uow, fields, stock, "EUR", admin)  # type: ignore[arg-type]
        known = text("SELECT count(*) FROM products WHERE id = :id")

        async def heard() -> bool:
            return bool(await self.value(self.orders, known, product.id))

        await until(heard, timeout=PATIENCE, every=0.1)
        return product.id

    async def place(self, product_id: UUID) -> Json:
        response = await self.client.post(
            "/order", json={"items": [{"product_id": str(product_id), "quantity": BOUGHT}]}
        )
        assert response.status_code == httpx.codes.CREATED, response.text
        order: Json = response.json()
        return order

    async def becomes(self, order: Json, status: str) -> Json:
        """Whatever is slow or dead meanwhile."""

        async def there() -> Json | None:
            try:
                seen: Json = (await self.client.get(f"/order/{order['id']}")).json()
            except httpx.TransportError:
                return None
            async with self.orders.begin() as connection:
                await connection.execute(TIME_PASSES, {"id": UUID(order["id"])})
            return seen if seen["status"] == status else None

        found: Json = await until(there, timeout=PATIENCE, every=0.1)
        return found

    async def captures(self, order: Json) -> tuple[int, int]:
        """Captured and refunded, as the provider has it."""
        async with self.orders.connect() as connection:
            row = (await connection.execute(CAPTURES, {"id": UUID(order["id"])})).one()
        return row.captured, row.refunded

    async def on_shelf(self, product_id: UUID) -> tuple[int, int]:
        """On hand and reserved."""
        async with self.catalog.connect() as connection:
            row = (await connection.execute(ON_SHELF, {"id": product_id})).one()
        return row.on_hand, row.reserved

    async def reservation(self, order: Json) -> str:
        return str(await self.value(self.catalog, RESERVED, UUID(order["id"])))

    @staticmethod
    async def value(engine: AsyncEngine, statement: Any, of: UUID) -> Any:
        async with engine.connect() as connection:
            return await connection.scalar(statement, {"id": of})
