"""What requests read of the replicas."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import Uuid, select

from libs.database.arrays import any_array
from libs.database.query import CompiledQuery, Reader, Row
from libs.database.row_loader import RowLoader
from libs.tokens.principal import AccountStatus
from order_service.domain.products import Product
from order_service.models.replicas import products, users

PRODUCTS = CompiledQuery(select(products).where(products.c.id == any_array("keys", Uuid)))
ACCOUNT_STATUS = CompiledQuery(
    select(users.c.id, users.c.role, users.c.is_active).where(users.c.id == any_array("keys", Uuid))
)


class SqlProductReplicaReader:
    def __init__(self, reader: Reader) -> None:
        self._products: RowLoader[UUID] = RowLoader(reader, PRODUCTS, "id")

    async def known(self, product_ids: Collection[UUID]) -> Mapping[UUID, Product | None]:
        rows = await self._products.load_many(product_ids)
        return {product_id: _product(row) for product_id, row in rows.items()}


def _product(row: Row) -> Product | None:
    if row["deleted_at"] is not None:
        return None
    return Product(row["id"], row["name"], row["price"], row["currency"], row["is_active"], row["version"])


class SqlAccountStatus:
    def __init__(self, reader: Reader) -> None:
        self._users: RowLoader[UUID] = RowLoader(reader, ACCOUNT_STATUS, "id")

    async def status_of(self, user_id: UUID) -> AccountStatus | None:
        row = await self._users.load(user_id)
        # Of a user who is gone, the replica knows nothing but that.
        return None if row is None else AccountStatus(role=row["role"] or "user", is_active=bool(row["is_active"]))
