"""What requests read of the replicas."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import Uuid, select

from libs.database.arrays import any_of
from libs.database.lookups import Lookup
from libs.database.reads import Query, Reader, Row
from libs.tokens.principal import Standing
from order_service.domain.products import Product
from order_service.models.replicas import products, users

PRODUCTS = Query(select(products).where(products.c.id == any_of("keys", Uuid)))
STANDINGS = Query(select(users.c.id, users.c.role, users.c.is_active).where(users.c.id == any_of("keys", Uuid)))


class SqlKnownProducts:
    def __init__(self, reader: Reader) -> None:
        self._products: Lookup[UUID] = Lookup(reader, PRODUCTS, "id")

    async def known(self, product_ids: Collection[UUID]) -> Mapping[UUID, Product | None]:
        rows = await self._products.all(product_ids)
        return {product_id: _product(row) for product_id, row in rows.items()}


def _product(row: Row) -> Product | None:
    if row["deleted_at"] is not None:
        return None
    return Product(row["id"], row["name"], row["price"], row["currency"], row["is_active"], row["version"])


class SqlStandings:
    def __init__(self, reader: Reader) -> None:
        self._users: Lookup[UUID] = Lookup(reader, STANDINGS, "id")

    async def standing(self, user_id: UUID) -> Standing | None:
        row = await self._users.one(user_id)
        # Of a user who is gone, the replica knows nothing but that.
        return None if row is None else Standing(role=row["role"] or "user", is_active=bool(row["is_active"]))
