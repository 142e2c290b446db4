"""Carts in PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Text, Uuid, bindparam, delete, func, select, text

from libs.database.arrays import any_array, arrays
from libs.database.database import Transaction
from libs.database.query import CompiledQuery, Reader
from order_service.domain.cart import Cart, CartLine
from order_service.domain.products import Product
from order_service.models.carts import cart_lines, carts
from order_service.models.replicas import products

# An upsert, because it also locks a row that another's first product is only just making.
LOCK = text("""
    INSERT INTO carts (user_id, version, updated_at) VALUES (:user_id, 0, now())
    ON CONFLICT (user_id) DO UPDATE SET version = carts.version
""").bindparams(bindparam("user_id", type_=Uuid))

# A cart without lines is one row without a product; one that was never filled is no row.
SHOW = (
    select(
        carts.c.version.label("cart_version"),
        cart_lines.c.product_id,
        cart_lines.c.quantity,
        func.coalesce(products.c.name, cart_lines.c.name).label("name"),
        products.c.price,
        products.c.currency,
        products.c.is_active,
        products.c.version,
    )
    .select_from(
        carts.outerjoin(cart_lines, cart_lines.c.user_id == carts.c.user_id).outerjoin(
            products, (products.c.id == cart_lines.c.product_id) & products.c.deleted_at.is_(None)
        )
    )
    .where(carts.c.user_id == bindparam("user_id", type_=Uuid))
    .order_by(cart_lines.c.position)
)
READ = CompiledQuery(SHOW)

SAVE = text("""
    WITH gone AS (
        DELETE FROM cart_lines WHERE user_id = :user_id AND product_id <> ALL (:product_ids)
    ), kept AS (
        INSERT INTO cart_lines AS old (user_id, product_id, position, name, quantity)
        SELECT :user_id, product_id, position, name, quantity
        FROM unnest(:product_ids, :names, :quantities) WITH ORDINALITY AS line (product_id, name, quantity, position)
        ON CONFLICT (user_id, product_id) DO UPDATE
        SET position = EXCLUDED.position, name = EXCLUDED.name, quantity = EXCLUDED.quantity
        WHERE (old.position, old.name, old.quantity) <> (EXCLUDED.position, EXCLUDED.name, EXCLUDED.quantity)
    )
    UPDATE carts SET version = :version, updated_at = now() WHERE user_id = :user_id AND version = :version - 1
""").bindparams(
    bindparam("user_id", type_=Uuid),
    bindparam("version", type_=BigInteger),
    *arrays(product_ids=Uuid, names=Text, quantities=Integer),
)
FORGET = delete(carts).where(carts.c.user_id == any_array("user_ids", Uuid))


class SqlCarts:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def for_change(self, user_id: UUID) -> Cart:
        await self._transaction.execute(LOCK, {"user_id": user_id})
        # After the lock and not with it: while the lock was waited for, the lines may have become others.
        return _cart(user_id, await self._transaction.fetch_all(SHOW, {"user_id": user_id}))

    async def save(self, cart: Cart) -> None:
        result = await self._transaction.execute(
            SAVE,
            {
                "user_id": cart.user_id,
                "version": cart.version,
                "product_ids": list(cart.lines),
                "names": [line.name for line in cart.lines.values()],
                "quantities": [line.quantity for line in cart.lines.values()],
            },
        )
        if result.rowcount != 1:
            raise RuntimeError(f"The cart of {cart.user_id} was saved without having been locked.")

    async def forget(self, user_ids: Sequence[UUID]) -> None:
        await self._transaction.execute(FORGET, {"user_ids": list(user_ids)})


class SqlCartQueries:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def of(self, user_id: UUID) -> Cart:
        return _cart(user_id, await self._reader.fetch_all(READ, user_id=user_id))


def _cart(user_id: UUID, rows: Sequence[Mapping[Any, Any]]) -> Cart:
    lines = {row["product_id"]: _line(row) for row in rows if row["product_id"] is not None}
    return Cart(user_id, rows[0]["cart_version"] if rows else 0, lines)


def _line(row: Mapping[Any, Any]) -> CartLine:
    product = None
    if row["version"] is not None:
        product = Product(
            row["product_id"], row["name"], row["price"], row["currency"], row["is_active"], row["version"]
        )
    return CartLine(row["product_id"], row["name"], row["quantity"], product)
