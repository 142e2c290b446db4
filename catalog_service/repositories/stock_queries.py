"""Stock and its ledger as they are shown."""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from sqlalchemy import bindparam, select

from catalog_service.domain.queries import Row
from catalog_service.exceptions import ProductNotFound
from catalog_service.models.products import products
from catalog_service.models.stock import stock, stock_ledger
from libs.database.keyset import read_cursor, write_cursor
from libs.database.query import CompiledQuery, Reader

SCOPE = "ledger"

ONE = CompiledQuery(
    select(stock.c.on_hand, stock.c.reserved, (stock.c.on_hand - stock.c.reserved).label("available"), stock.c.version)
    .join(products, products.c.id == stock.c.product_id)
    .where(stock.c.product_id == bindparam("product_id"), products.c.deleted_at.is_(None))
)


class SqlStockQueries:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def one(self, product_id: UUID) -> Row:
        row = await self._reader.fetch_one(ONE, product_id=product_id)
        if row is None:
            raise ProductNotFound(f"There is no product {product_id}.")
        return row

    async def ledger(self, product_id: UUID, *, limit: int, cursor: str | None) -> Sequence[Row]:
        before = {} if cursor is None else {"before": read_cursor(cursor, SCOPE, [int])[0]}
        return await self._reader.fetch_all(
            _ledger(continued=cursor is not None), product_id=product_id, limit=limit + 1, **before
        )

    def cursor(self, row: Row) -> str:
        return write_cursor(SCOPE, [row["version"]])


@lru_cache
def _ledger(*, continued: bool) -> CompiledQuery:
    statement = select(stock_ledger).where(stock_ledger.c.product_id == bindparam("product_id"))
    if continued:
        statement = statement.where(stock_ledger.c.version < bindparam("before"))
    return CompiledQuery(statement.order_by(stock_ledger.c.version.desc()).limit(bindparam("limit")))
