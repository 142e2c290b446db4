"""Products told of once more."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.catalog import ProductDeleted, ProductEvent, ProductUpdated

TOLD = "sku, slug, name, price, currency, category_id, image_urls[1] AS image_url, is_active"
ALL = text(f"""
    SELECT id, version, deleted_at IS NOT NULL AS gone, {TOLD} FROM products
    WHERE id > :after ORDER BY id LIMIT :portion
""")  # noqa: S608 - made of constants
NAMED = text(f"""
    SELECT id, coalesce(version, 1) AS version, deleted_at IS NOT NULL OR version IS NULL AS gone, {TOLD}
    FROM (SELECT DISTINCT unnest(:ids) AS id) AS named LEFT JOIN products USING (id)
    WHERE id > :after ORDER BY id LIMIT :portion
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))  # noqa: S608 - made of constants


async def products_to_announce(
    connection: AsyncConnection, after: UUID, ids: Sequence[UUID] | None, portion: int
) -> Sequence[ProductEvent]:
    wanted = {"after": after, "portion": portion}
    found = await (
        connection.execute(ALL, wanted) if ids is None else connection.execute(NAMED, {**wanted, "ids": ids})
    )
    return [_event(row) for row in found]


def _event(row: Row[Any]) -> ProductEvent:
    if row.gone:
        return ProductDeleted(id=row.id, version=row.version)
    return ProductUpdated.model_validate(row._mapping)  # noqa: SLF001 - public in SQLAlchemy, named so that no column can hide it.
