"""A shop with webhooks, and what tests ask of it."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aio_pika
import httpx
from sqlalchemy import text

from libs.contracts.auth import UserDeleted, UserUpdated
from libs.contracts.topology import AUTH_EVENTS, ORDER_WEBHOOKS
from libs.process.ids import new_id
from libs.testing.wait import until
from order_service.tests.integration.bus import Bus
from order_service.tests.integration.shop import Caller, Json, Shop, ok
from order_service.tests.integration.webhooks.receiver import Receiver
from order_service.tests.integration.workers import working


@dataclass
class Hooked:
    shop: Shop
    bus: Bus
    admin: Caller
    database_url: str
    amqp_url: str

    def worker(self) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        return working(self.database_url, self.amqp_url)

    async def register(self, receiver: Receiver, *types: str, **fields: Any) -> Json:
        body = {"url": receiver.url, "types": types or ["user.*"], **fields}
        return ok(await self.admin.http.post("/webhook", json=body), 201)

    async def read(self, webhook: Json) -> Json:
        return ok(await self.admin.http.get(f"/webhook/{webhook['id']}"))

    async def change(self, webhook: Json, **changes: Any) -> Json:
        return ok(await self.admin.http.put(f"/webhook/{webhook['id']}", json=changes))

    async def deliveries(self, webhook: Json, **filters: Any) -> list[Json]:
        answer = await self.admin.http.get(f"/webhook/{webhook['id']}/deliveries", params={"limit": 100, **filters})
        items: list[Json] = ok(answer)["items"]
        return items

    async def delivery(self, webhook: Json, delivery: Json) -> Json:
        return ok(await self.admin.http.get(f"/webhook/{webhook['id']}/deliveries/{delivery['id']}"))

    async def post(self, webhook: Json, path: str, status: int = 202) -> Json:
        return ok(await self.admin.http.post(f"/webhook/{webhook['id']}/{path}"), status)

    async def until_delivered(self, webhook: Json, number: int) -> list[Json]:
        async def all_are() -> list[Json]:
            found = await self.deliveries(webhook, status="delivered")
            return found if len(found) >= number else []

        found: list[Json] = await until(all_are, every=0.2)
        assert len(found) == number
        return found

    async def until_tried(self, webhook: Json, times: int = 1) -> Json:
        """Its only delivery, when so many attempts at it are over."""

        async def tried() -> Json | None:
            whole = await self.delivery(webhook, (await self.deliveries(webhook))[0])
            return whole if len(whole["attempts"]) >= times else None

        found: Json = await until(tried, every=0.1)
        return found

    async def tell_of_user(self, *, user_id: UUID | None = None, version: int = 2, times: int = 1) -> UUID:
        user_id = user_id or new_id()
        now = datetime.now(UTC)
        event = UserUpdated(
            id=user_id,
            version=version,
            email=f"{user_id.hex}@example.com",
            username="ada",
            role="user",
            is_active=True,
            created_at=now,
            updated_at=now,
        )
        await self.bus.tell(AUTH_EVENTS, event, times=times)
        return user_id

    async def tell_of_deleted_user(self) -> UUID:
        user_id = new_id()
        await self.bus.tell(AUTH_EVENTS, UserDeleted(id=user_id, version=3))
        return user_id

    async def until_all_is_read(self) -> None:
        """No event waits for the workers any more, nor is one being handled."""

        async def is_read() -> bool:
            async with await aio_pika.connect(self.amqp_url) as connection:
                channel = await connection.channel()
                found = await channel.declare_queue(ORDER_WEBHOOKS.name, passive=True)
                return found.declaration_result.message_count == 0

        await until(is_read)

    async def sql(self, statement: str, **arguments: Any) -> list[Any]:
        async with self.shop.engine.begin() as connection:
            result = await connection.execute(text(statement), arguments)
            return list(result.scalars()) if result.returns_rows else []

    async def time_passes(self) -> None:
        """What waits for another try, or for a claim to run out, is due."""
        await self.sql("UPDATE webhook_deliveries SET due_at = now() WHERE due_at IS NOT NULL")

    async def forget_everything(self) -> None:
        async with await aio_pika.connect(self.amqp_url) as connection:
            # Other tests publish users as well.
            await (await (await connection.channel()).get_queue(ORDER_WEBHOOKS.name)).purge()
        await self.sql("TRUNCATE webhooks, webhook_events CASCADE")
