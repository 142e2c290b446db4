"""A customer's cart, over HTTP and in the database."""

from sqlalchemy import text

from order_service.domain.products import Product
from order_service.tests.integration.shop import Caller, Json, Shop, ok

EMPTY: Json = {"items": [], "total": "0.00", "currency": None, "version": 0}


async def put(caller: Caller, product: Product, quantity: int = 1) -> Json:
    body = {"product_id": str(product.id), "quantity": quantity}
    return ok(await caller.http.post("/cart/items", json=body), 201)


async def cart_of(caller: Caller) -> Json:
    return ok(await caller.http.get("/cart"))


def quantities(cart: Json) -> dict[str, int]:
    return {item["product_id"]: item["quantity"] for item in cart["items"]}


async def rows_of(shop: Shop, caller: Caller) -> int:
    async with shop.engine.connect() as connection:
        found = await connection.scalar(
            text("SELECT count(*) FROM carts WHERE user_id = :id"), {"id": caller.actor.user_id}
        )
    return int(found or 0)
