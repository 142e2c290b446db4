"""Products told of once more."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from libs.contracts.catalog import ProductDeleted, ProductEvent, ProductUpdated
from libs.database.database import Transaction
from libs.database.executor import Row

PUBLISHED = "sku, slug, name, price, currency, category_id, image_urls[1] AS image_url, is_active"
ALL = text(f"""
    SELECT id, version, deleted_at IS NOT NULL AS gone, {PUBLISHED} FROM products
    WHERE id > :after ORDER BY id LIMIT :portion
""")  # noqa: S608 - made of constants
NAMED = text(f"""
    SELECT id, coalesce(version, 1) AS version, deleted_at IS NOT NULL OR version IS NULL AS gone, {PUBLISHED}
    FROM (SELECT DISTINCT unnest(:ids) AS id) AS named LEFT JOIN products USING (id)
    WHERE id > :after ORDER BY id LIMIT :portion
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))  # noqa: S608 - made of constants


async def product_snapshots(
    transaction: Transaction, after: UUID, ids: Sequence[UUID] | None, limit: int
) -> Sequence[ProductEvent]:
    wanted = {"after": after, "portion": limit}
    found = await (
        transaction.fetch_all(ALL, wanted) if ids is None else transaction.fetch_all(NAMED, {**wanted, "ids": ids})
    )
    return [_event(row) for row in found]


def _event(row: Row) -> ProductEvent:
    if row.gone:
        return ProductDeleted(id=row.id, version=row.version)
    return ProductUpdated.model_validate(dict(row))
