"""The shop on real databases: the same use cases on SQL. Messages are taken out of the outboxes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Any, Self
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from catalog_service.domain.product import Product
from catalog_service.domain.stock import Admin, Stock
from catalog_service.repositories.cache_invalidation import ChangePublisher
from catalog_service.repositories.unit_of_work import CatalogUnitOfWork
from libs.database.database import Database
from libs.outbox.notifier import OutboxNotifier
from libs.process.ids import new_id
from libs.testing.databases import empty
from libs.testing.engines import new_engine
from order_service.gateways.mock_provider import MockProvider
from order_service.repositories.unit_of_work import OrderUnitOfWork
from tests.model.messages import Message, is_delivered, read
from tests.model.system import ChargeSeen, OrderSeen, ReservationSeen

TOLD = text("DELETE FROM outbox RETURNING id, type, payload")
TIME_PASSES = (
    text("UPDATE orders SET announced_at = now() - interval '1 day' WHERE status = 'pending'"),
    text("UPDATE orders SET reserved_until = now() WHERE reserved_until IS NOT NULL"),
    text("UPDATE payments SET due_at = now() WHERE due_at IS NOT NULL"),
)
PAYMENTS_AGE = text("UPDATE payments SET created_at = created_at - interval '10 minutes' WHERE status = 'started'")
STOCK = text("SELECT product_id, on_hand, reserved FROM stock")
RESERVATIONS = text("SELECT order_id, state, lines FROM reservations")
ORDERS = text("SELECT id, status, version, total FROM orders")
LINES = text("SELECT order_id, product_id, quantity FROM order_lines")
STEPS = text("SELECT order_id, version, from_status, to_status FROM order_history ORDER BY order_id, version")
CAPTURES = text("""
    SELECT payments.order_id, charges.amount, charges.refunded_at IS NOT NULL AS is_refunded, payments.status
    FROM mock_provider_charges AS charges JOIN payments ON payments.id = charges.payment_id
    WHERE charges.declined_because IS NULL
""")
PAYMENTS = text("SELECT status FROM payments")


class DatabaseSystem:
    def __init__(self, order_url: str, catalog_url: str) -> None:
        self._urls = order_url, catalog_url
        self._order_engine, self._catalog_engine = (new_engine(url, pool_size=2) for url in self._urls)
        self._transactions = [Database(url, pool_size=2) for url in self._urls]
        self._bells = [OutboxNotifier(url) for url in self._urls]
        self.orders = partial(OrderUnitOfWork, self._transactions[0], self._bells[0])
        self.catalog = partial(
            CatalogUnitOfWork, self._transactions[1], self._bells[1], ChangePublisher(self._transactions[1])
        )
        self.provider = MockProvider(self._transactions[0])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for notifier in self._bells:
            await notifier.aclose()
        for transactions in self._transactions:
            await transactions.aclose()
        await self._order_engine.dispose()
        await self._catalog_engine.dispose()

    async def put_on_shelf(self, stock: Mapping[UUID, int]) -> None:
        """Begins a new life: nothing of the last one is left."""
        for url in self._urls:
            await empty(url)
        now, admin = datetime.now(UTC), Admin(new_id(), "root")
        async with self.catalog() as work:
            for product_id, on_hand in stock.items():
                name = f"thing-{product_id.int}"
                product = Product(
                    id=product_id,
                    name=name,
                    slug=name,
                    price=Decimal(1),
                    currency="EUR",
                    created_at=now,
                    updated_at=now,
                )
                assert await work.products.add(product)
                stocked = Stock(product_id, on_hand)
                await work.stocks.add(stocked)
                await work.stocks.add_ledger_entry(stocked.opening(admin, now))

    async def told(self) -> Sequence[Message]:
        rows = [
            row
            for engine in (self._order_engine, self._catalog_engine)
            for row in sorted(await self._rows(engine, TOLD), key=lambda row: int(row.id))
        ]
        return [read(row.type, row.payload) for row in rows if is_delivered(row.type)]

    async def make_time_pass(self) -> None:
        async with self._order_engine.begin() as connection:
            for statement in TIME_PASSES:
                await connection.execute(statement)

    async def make_payments_old(self) -> None:
        async with self._order_engine.begin() as connection:
            await connection.execute(PAYMENTS_AGE)

    async def stock(self) -> Mapping[UUID, tuple[int, int]]:
        rows = await self._rows(self._catalog_engine, STOCK)
        return {row.product_id: (row.on_hand, row.reserved) for row in rows}

    async def reservations(self) -> Mapping[UUID, ReservationSeen]:
        return {
            row.order_id: ReservationSeen(row.state, {UUID(product): count for product, count in row.lines.items()})
            for row in await self._rows(self._catalog_engine, RESERVATIONS)
        }

    async def all_orders(self) -> Mapping[UUID, OrderSeen]:
        lines: dict[UUID, dict[UUID, int]] = {}
        for row in await self._rows(self._order_engine, LINES):
            lines.setdefault(row.order_id, {})[row.product_id] = row.quantity
        rows = await self._rows(self._order_engine, STEPS)
        steps = {
            order_id: tuple((row.version, row.from_status, row.to_status) for row in each)
            for order_id, each in groupby(rows, key=lambda row: row.order_id)
        }
        return {
            row.id: OrderSeen(row.status, row.version, row.total, lines[row.id], steps[row.id])
            for row in await self._rows(self._order_engine, ORDERS)
        }

    async def captures(self) -> Sequence[ChargeSeen]:
        rows = await self._rows(self._order_engine, CAPTURES)
        return [ChargeSeen(row.order_id, row.amount, row.is_refunded, row.status) for row in rows]

    async def payments(self) -> Sequence[str]:
        return [row.status for row in await self._rows(self._order_engine, PAYMENTS)]

    @staticmethod
    async def _rows(engine: AsyncEngine, statement: TextClause) -> Sequence[Any]:
        async with engine.begin() as connection:
            return (await connection.execute(statement)).all()
