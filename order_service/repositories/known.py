"""What requests read of the replicas."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select

from libs.database.reads import Query, Reader, Row
from libs.database.together import Together
from libs.tokens.principal import Standing
from order_service.domain.products import Product
from order_service.models.replicas import products, users

PRODUCTS = Query(select(products).where(products.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))))
STANDINGS = Query(
    select(users.c.id, users.c.role, users.c.is_active).where(users.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
)


class SqlKnownProducts:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._together = Together(self._read)

    async def known(self, product_ids: Collection[UUID]) -> Mapping[UUID, Product | None]:
        return await self._together.all(product_ids)

    async def _read(self, product_ids: Collection[UUID]) -> Mapping[UUID, Product | None]:
        rows = await self._reader.all(PRODUCTS, ids=list(product_ids))
        return {row["id"]: _product(row) for row in rows}


def _product(row: Row) -> Product | None:
    if row["deleted_at"] is not None:
        return None
    return Product(row["id"], row["name"], row["price"], row["currency"], row["is_active"], row["version"])


class SqlStandings:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._together = Together(self._read)

    async def standing(self, user_id: UUID) -> Standing | None:
        return await self._together.one(user_id)

    async def _read(self, user_ids: Collection[UUID]) -> Mapping[UUID, Standing]:
        rows = await self._reader.all(STANDINGS, ids=list(user_ids))
        # Of a user who is gone, the replica knows nothing but that.
        return {row["id"]: Standing(role=row["role"] or "user", is_active=bool(row["is_active"])) for row in rows}
