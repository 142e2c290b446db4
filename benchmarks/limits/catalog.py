"""GET one product, and GET a page of the products of a category and of all below it."""

import base64
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import parse_qs

import orjson

from benchmarks.limits.asgi import NOT_FOUND, Answer, Application, Receive, Scope
from benchmarks.limits.database import Database

KEYS = (
    *("id", "sku", "name", "slug", "description", "price", "currency", "category_id", "attributes", "image_urls"),
    *("available", "in_stock", "is_active", "version", "created_at", "updated_at"),
)
# As text where orjson would have to ask what they are.
SHOWN = """
    products.id::text, sku, name, slug, description, price::text, currency, category_id::text, attributes::text,
    image_urls, on_hand - reserved, on_hand > reserved, is_active, products.version, created_at, updated_at
"""
ONE = f"""
    SELECT {SHOWN}, stock.version FROM products JOIN stock ON product_id = products.id
    WHERE products.id = $1::text::uuid AND deleted_at IS NULL
"""
# The newest of each category, of which an index knows the order, and the newest of all of these.
PAGE = f"""
    WITH RECURSIVE below AS (
        SELECT id FROM categories WHERE id = $1::text::uuid
        UNION ALL
        SELECT child.id FROM categories AS child JOIN below ON child.parent_id = below.id
    ), page AS (
        SELECT firsts.id FROM below CROSS JOIN LATERAL (
            SELECT products.id FROM products
            WHERE category_id = below.id AND is_active AND products.id < $2::text::uuid
            ORDER BY products.id DESC LIMIT $3
        ) AS firsts
        ORDER BY firsts.id DESC LIMIT $3
    )
    SELECT {SHOWN} FROM page JOIN products ON products.id = page.id JOIN stock ON product_id = products.id
    ORDER BY products.id DESC
"""
ATTRIBUTES = KEYS.index("attributes")
VERSION = KEYS.index("version")
LAST_OF_ALL = "ffffffff-ffff-ffff-ffff-ffffffffffff"
ONE_PREFIX = "/api/v1/products/"

database = Database()


async def answer(scope: Scope, _: Receive) -> Answer:
    path: str = scope["path"]
    if path.startswith(ONE_PREFIX):
        return await one(path.removeprefix(ONE_PREFIX))
    query = {name: value[0] for name, value in parse_qs(scope["query_string"].decode()).items()}
    return await page(query["category_id"], int(query.get("limit", 20)), query.get("cursor"))


async def one(product_id: str) -> Answer:
    statements = await database.take()
    try:
        row = await statements[0].fetchrow(product_id)
    finally:
        database.give(statements)
    if row is None or not row["is_active"]:
        return NOT_FOUND
    tag = f'"{row[VERSION]}-{row[-1]}"'.encode()
    return 200, orjson.dumps(shown(row), option=orjson.OPT_UTC_Z), ((b"etag", tag),)


async def page(category_id: str, limit: int, cursor: str | None) -> Answer:
    after = LAST_OF_ALL if cursor is None else orjson.loads(base64.urlsafe_b64decode(cursor + "=="))[1]
    statements = await database.take()
    try:
        rows = await statements[1].fetch(category_id, after, limit + 1)
    finally:
        database.give(statements)
    items = [shown(row) for row in rows[:limit]]
    found = {"items": items, "next_cursor": cursor_after(items[-1]["id"]) if len(rows) > limit else None}
    return 200, orjson.dumps(found, option=orjson.OPT_UTC_Z), ()


def shown(row: Any) -> dict[str, Any]:
    values = dict(zip(KEYS, row, strict=False))
    values["attributes"] = orjson.loads(row[ATTRIBUTES])
    return values


def cursor_after(product_id: str) -> str:
    return base64.urlsafe_b64encode(f'["newest", "{product_id}"]'.encode()).decode().rstrip("=")


def opened() -> AbstractAsyncContextManager[None]:
    return database.open((ONE, PAGE))


app = Application(opened, answer)
