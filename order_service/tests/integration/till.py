"""What tests of payments share: orders that can be paid, and the provider's own book."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from order_service.domain.products import Product
from order_service.domain.stock_result import StockResult
from order_service.gateways.mock_provider import MockProvider
from order_service.services.apply_stock_results import apply_stock_results
from order_service.services.reconcile_payments import PaymentReconciler
from order_service.tests.integration.shop import Caller, Json, Shop
from order_service.tests.things import HOLD

OK = "tok_ok"
BOOK = text("""
    SELECT count(*) FILTER (WHERE declined_because IS NULL) AS captured,
           count(refunded_at) AS refunded,
           coalesce(sum(mock_provider_charges.amount)
                    FILTER (WHERE declined_because IS NULL AND refunded_at IS NULL), 0) AS kept
    FROM mock_provider_charges JOIN payments ON payments.id = payment_id
    WHERE order_id = :id
""")
HURRY = text("""
    UPDATE payments SET due_at = now() - CAST(:by AS interval) WHERE order_id = :id AND due_at IS NOT NULL RETURNING id
""")
OVERDUE = text(
    "UPDATE orders SET reserved_until = now() - CAST(:by AS interval) WHERE id = :id AND reserved_until IS NOT NULL"
)
UNANSWERED = text("UPDATE orders SET announced_at = now() - interval '1 hour' WHERE id = :id")
RELAYED = text("DELETE FROM outbox WHERE aggregate_id = :id")


@dataclass
class Till:
    shop: Shop
    engine: AsyncEngine
    provider: MockProvider

    async def payable(self, customer: Caller, product: Product, *, hold: timedelta = HOLD) -> Json:
        order = await customer.place(product)
        await apply_stock_results(self.shop.uow, hold, StockResult(UUID(order["id"]), order["version"]))
        return await customer.read(order)

    @staticmethod
    async def pay(customer: Caller, order: Json, token: str = OK) -> httpx.Response:
        return await customer.http.post(f"/order/{order['id']}/payment", json={"method": "card", "token": token})

    async def book(self, order: Json) -> tuple[int, int, Any]:
        """Of an order, in the provider's eyes: captures, refunds, and the money it has."""
        async with self.engine.connect() as connection:
            row = (await connection.execute(BOOK, {"id": UUID(order["id"])})).one()
        return row.captured, row.refunded, row.kept

    async def settle(self, order: Json) -> None:
        """What the timer would do, now, for the payments of one order."""
        settling = PaymentReconciler(self.shop.uow, self.provider)
        for payment_id in await self.hurry(order):
            await settling.reconcile(payment_id)

    async def hurry(self, order: Json, *, by: timedelta = timedelta(0)) -> Sequence[UUID]:
        """Its payments become due."""
        async with self.engine.begin() as connection:
            return (await connection.scalars(HURRY, {"id": UUID(order["id"]), "by": by})).all()

    async def charge(self, payment_id: UUID) -> None:
        """The provider does late what it was thought not to have done."""
        async with self.shop.uow() as work:
            payment = await work.payments.find(payment_id)
        assert payment is not None
        await self.provider.charge(replace(payment, token=OK))

    async def make_overdue(self, order: Json, *, by: timedelta = timedelta(0)) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(OVERDUE, {"id": UUID(order["id"]), "by": by})

    async def make_unanswered(self, order: Json) -> None:
        """Its event has left the outbox, long ago, and nothing came back."""
        async with self.engine.begin() as connection:
            await connection.execute(RELAYED, {"id": UUID(order["id"])})
            await connection.execute(UNANSWERED, {"id": UUID(order["id"])})
