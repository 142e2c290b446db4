"""A customer with a mailbox, and all that happens around them."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import RowMapping, text

from libs.contracts.catalog import StockReserved
from libs.contracts.topology import CATALOG_EVENTS
from libs.mail.tests.mail_server import MailServer
from libs.testing.wait import until
from order_service.domain.user_replica import UserReplica
from order_service.services.replicas import apply_user_events
from order_service.tests.integration.bus import Bus
from order_service.tests.integration.shop import Caller, Json, Shop, ok
from order_service.tests.integration.workers import working

RECEIVED = "We have received your order"
PLEASE_PAY = "Please pay for your order"
CANCELLED = "Your order is cancelled"


@dataclass
class Mailbox:
    shop: Shop
    bus: Bus
    server: MailServer
    owner: Caller
    database_url: str
    amqp_url: str

    @property
    def address(self) -> str:
        return f"{self.owner.actor.user_id.hex}@example.com"

    @property
    def mails(self) -> list[EmailMessage]:
        return self.server.to(self.address)

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    @property
    def names(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]

    async def open(self, address: str | None = None, *, version: int = 1) -> None:
        """From now on order_service knows the address."""
        person = UserReplica(
            self.owner.actor.user_id, "ada", address or self.address, "user", is_active=True, version=version
        )
        await apply_user_events(self.shop.uow, person)

    def worker(self) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        return working(self.database_url, self.amqp_url, smtp_port=self.server.port)

    async def order(self) -> Json:
        return await self.owner.place(await self.shop.product())

    async def cancel(self, order: Json) -> Json:
        return ok(await self.owner.http.post(f"/order/{order['id']}/cancel"))

    async def amend(self, order: Json, **changes: Any) -> Json:
        return ok(await self.owner.http.put(f"/update_order/{order['id']}", json=changes))

    async def reserve(self, order: Json) -> Json:
        """Catalog holds its stock."""
        answer = StockReserved(order_id=UUID(order["id"]), order_version=order["version"])
        await self.bus.tell(CATALOG_EVENTS, answer)

        async def awaits_payment() -> Json | None:
            seen = await self.owner.read(order)
            return seen if seen["status"] == "awaiting_payment" else None

        found: Json = await until(awaits_payment)
        return found

    async def rows(self, order: Json) -> list[RowMapping]:
        statement = text("SELECT * FROM emails WHERE order_id = :id ORDER BY order_version")
        async with self.shop.engine.connect() as connection:
            return list((await connection.execute(statement, {"id": UUID(order["id"])})).mappings())

    async def until_settled(self, order: Json, *statuses: str) -> None:
        async def settled() -> bool:
            return [row["status"] for row in await self.rows(order)] == list(statuses)

        await until(settled)

    async def make_due(self, order: Json) -> None:
        """Time passes."""
        statement = text("UPDATE emails SET due_at = now() WHERE order_id = :id AND due_at IS NOT NULL")
        async with self.shop.engine.begin() as connection:
            await connection.execute(statement, {"id": UUID(order["id"])})
