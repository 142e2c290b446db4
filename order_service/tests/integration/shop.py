"""order_service as its callers meet it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from order_service.domain.actor import Actor
from order_service.domain.ports import ProductReplicaStore
from order_service.domain.products import Product
from order_service.repositories.unit_of_work import OrderUnitOfWork
from order_service.services.replicas import apply_product_events
from order_service.tests.integration.neighbours import Neighbours
from order_service.tests.things import a_customer, a_product, an_admin

Json = dict[str, Any]


@dataclass
class Caller:
    """A person with a token."""

    actor: Actor
    http: httpx.AsyncClient

    async def place(self, *products: Product, **fields: Any) -> Json:
        items = [{"product_id": str(product.id), "quantity": 2} for product in products]
        return ok(await self.http.post("/order", json={"items": items, **fields}), 201)

    async def read(self, order: Json) -> Json:
        return ok(await self.http.get(f"/order/{order['id']}"))

    async def history(self, order: Json) -> list[Json]:
        items: list[Json] = ok(await self.http.get(f"/order/{order['id']}/history"))["items"]
        return items


@dataclass
class Shop:
    transport: httpx.AsyncBaseTransport
    neighbours: Neighbours
    uow: Callable[[], OrderUnitOfWork]
    products: ProductReplicaStore
    engine: AsyncEngine

    def caller(self, actor: Actor | None = None) -> Caller:
        actor = actor or a_customer()
        return Caller(actor, self.client({"Authorization": f"Bearer {self.neighbours.token(actor)}"}))

    def admin(self) -> Caller:
        return self.caller(an_admin())

    def client(self, headers: dict[str, str]) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.transport, base_url="http://order/api/v1", headers=headers)

    async def product(self, name: str = "Desk lamp", amount: str = "19.99") -> Product:
        """One that the replica has heard of."""
        product = a_product(name, amount)
        await apply_product_events(self.products, product)
        return product

    async def announced(self, order_id: str) -> list[tuple[int, str, Json]]:
        """Version, type and data of each event that waits in the outbox, or has left it."""
        async with self.engine.connect() as connection:
            rows = await connection.execute(
                text("""
                    SELECT version, type, payload FROM outbox WHERE aggregate_id = :id
                    UNION ALL SELECT version, type, payload FROM outbox_sent WHERE aggregate_id = :id
                    ORDER BY version
                """),
                {"id": UUID(order_id)},
            )
            return [(row.version, row.type, row.payload) for row in rows]

    async def causes(self, order_id: str) -> list[str]:
        """The ids of the requests that its events came of."""
        async with self.engine.connect() as connection:
            statement = text(
                "SELECT headers ->> 'correlation_id' FROM outbox WHERE aggregate_id = :id ORDER BY version"
            )
            return list(await connection.scalars(statement, {"id": UUID(order_id)}))


def ok(response: httpx.Response, status: int = 200) -> Json:
    assert response.status_code == status, response.text
    body: Json = response.json()
    return body


def refused(response: httpx.Response, status: int, code: str) -> Json:
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: Json = response.json()
    return body
