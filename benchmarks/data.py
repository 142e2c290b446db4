"""What the databases are filled with, by statements that make a hundred thousand rows in seconds.

Ids are numbers in the form of UUIDs, so that whoever asks for a row needs no list of them.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg

# 8 roots, 4 below each of them, 5 below each of those.
ROOTS, CHILDREN, GRANDCHILDREN = 8, 4, 5
CATEGORIES = ROOTS + ROOTS * CHILDREN + ROOTS * CHILDREN * GRANDCHILDREN
PARENTS = ROOTS + ROOTS * CHILDREN
"""So many of the first categories have others below."""
USERS = 10_000
BUYERS = 50
"""So many of the users have ordered, each about as often."""
CURRENCY = "EUR"
PASSWORD = "correct horse"
PASSWORD_HASH = "$2b$12$jz5gSF5DDE5bP58HHItL6.fVuAB1YUTuMp/zHWSyf6NWdlMYLaA0."
"""Everybody's, at the cost of a deployment."""

_CATEGORY, _PRODUCT, _USER, _ORDER = (f"0199000{kind}-0000-7000-8000-" for kind in range(1, 5))


def category_id(number: int) -> UUID:
    return _id(_CATEGORY, number)


def product_id(number: int) -> UUID:
    """From 1 on."""
    return _id(_PRODUCT, number)


def user_id(number: int) -> UUID:
    return _id(_USER, number)


def order_id(number: int) -> UUID:
    return _id(_ORDER, number)


def username(number: int) -> str:
    return f"user{number}"


def owner_of(order: int) -> int:
    return order % BUYERS + 1


def _id(kind: str, number: int) -> UUID:
    return UUID(f"{kind}{number:012x}")


def _sql_id(kind: str, number: str) -> str:
    return f"('{kind}' || lpad(to_hex({number}), 12, '0'))::uuid"


# All moments have microseconds, so that every program writes them with as many digits.
_MOMENT = "timestamptz '2026-01-01 00:00:00.123456+00'"

_TREE = f"""
    INSERT INTO categories (id, parent_id, level, name, slug, created_at, updated_at)
    SELECT {_sql_id(_CATEGORY, "number")},
           CASE WHEN number > {PARENTS} THEN
                    {_sql_id(_CATEGORY, f"{ROOTS} + 1 + (number - {PARENTS} - 1) / {GRANDCHILDREN}")}
                WHEN number > {ROOTS} THEN {_sql_id(_CATEGORY, f"1 + (number - {ROOTS} - 1) / {CHILDREN}")} END,
           CASE WHEN number > {PARENTS} THEN 2 WHEN number > {ROOTS} THEN 1 ELSE 0 END,
           'Category ' || number, 'category-' || number, {_MOMENT}, {_MOMENT}
    FROM generate_series(1, {CATEGORIES}) AS number
"""
_CHAIN = f"""
    INSERT INTO categories (id, parent_id, level, name, slug, created_at, updated_at)
    SELECT {_sql_id(_CATEGORY, "number")}, CASE WHEN number > 1 THEN {_sql_id(_CATEGORY, "number - 1")} END,
           number - 1, 'Category ' || number, 'category-' || number, {_MOMENT}, {_MOMENT}
    FROM generate_series(1, $1::int) AS number
"""
_PRODUCTS = f"""
    INSERT INTO products (id, sku, slug, name, sort_name, description, price, currency, category_id, attributes,
                          image_urls, search, created_at, updated_at)
    SELECT {_sql_id(_PRODUCT, "number")}, 'SKU-' || number, 'product-' || number, name, lower(name),
           'A ' || colour || ' ' || thing || ' of the kind that is made to last. It comes in ' || size
               || ', weighs next to nothing, and whoever does not like it sends it back within thirty days.',
           (number % 50000 + 99) / 100.0, '{CURRENCY}', {_sql_id(_CATEGORY, "1 + number % $2::int")},
           jsonb_build_object('colour', colour, 'size', size, 'maker', 'maker ' || number % 300),
           ARRAY['/media/product-' || number || '.png'],
           setweight(to_tsvector('simple', name || ' SKU-' || number), 'A')
               || setweight(to_tsvector('simple', colour || ' ' || thing || ' kind made last comes ' || size), 'C'),
           {_MOMENT} + number * interval '1 second', {_MOMENT} + number * interval '1 second'
    FROM (
        SELECT number, colour, thing, size, initcap(thing) || ' “' || number || '” in ' || colour AS name
        FROM (
            SELECT number,
                   (ARRAY['red', 'blue', 'green', 'white', 'black'])[1 + number % 5] AS colour,
                   (ARRAY['kettle', 'lamp', 'chair', 'table', 'shirt', 'shoe', 'mug'])[1 + number % 7] AS thing,
                   (ARRAY['small', 'medium', 'large'])[1 + number % 3] AS size
            FROM generate_series(1, $1::int) AS number
        ) AS drawn
    ) AS named
"""
_STOCK = "INSERT INTO stock (product_id, on_hand, reserved) SELECT id, 1000000000, 0 FROM products"

_REPLICA_OF_PRODUCTS = f"""
    INSERT INTO products (id, name, price, currency, is_active, version)
    SELECT {_sql_id(_PRODUCT, "number")}, 'Product “' || number || '”', (number % 50000 + 99) / 100.0, '{CURRENCY}',
           true, 1
    FROM generate_series(1, $1::int) AS number
"""
_REPLICA_OF_USERS = f"""
    INSERT INTO users (id, username, email, role, is_active, version)
    SELECT {_sql_id(_USER, "number")}, 'user' || number, 'user' || number || '@example.com', 'user', true, 1
    FROM generate_series(1, {USERS}) AS number
"""
_ORDERS = f"""
    INSERT INTO orders (id, user_id, username, status, total, currency, delivery_address, version, created_at,
                        updated_at, announced_at)
    SELECT {_sql_id(_ORDER, "number")}, {_sql_id(_USER, f"number % {BUYERS} + 1")}, 'user' || number % {BUYERS} + 1,
           'delivered', 59.97, '{CURRENCY}', number || ' Quiet Lane, Oxford', 1, at, at, at
    FROM (
        SELECT number, {_MOMENT} + number * interval '1 second' AS at FROM generate_series(1, $1::int) AS number
    ) AS placed
"""
_LINES = f"""
    INSERT INTO order_lines (order_id, product_id, position, name, unit_price, quantity)
    SELECT {_sql_id(_ORDER, "number")}, {_sql_id(_PRODUCT, "1 + (number * 3 + position) % $2::int")}, position,
           'Product “' || 1 + (number * 3 + position) % $2::int || '”', 19.99, 1
    FROM generate_series(1, $1::int) AS number, generate_series(1, 3) AS position
"""
_HISTORY = """
    INSERT INTO order_history (order_id, version, at, actor, to_status)
    SELECT id, 1, created_at, 'user:' || user_id, 'pending' FROM orders
"""
_USERS = f"""
    INSERT INTO users (id, email, username, password_hash, role, is_active, version, created_at, updated_at)
    SELECT {_sql_id(_USER, "number")}, 'user' || number || '@example.com', 'user' || number, '{PASSWORD_HASH}', 'user',
           true, 1, {_MOMENT}, {_MOMENT}
    FROM generate_series(1, {USERS}) AS number
"""


Fill = Callable[[asyncpg.Connection], Awaitable[None]]


async def fill_auth(database: asyncpg.Connection) -> None:
    await database.execute(_USERS)


async def fill_catalog(database: asyncpg.Connection, products: int, levels: int | None = None) -> None:
    """`levels`: one category a level, each below the last, instead of the tree."""
    if levels is None:
        await database.execute(_TREE)
    else:
        await database.execute(_CHAIN, levels)
    await database.execute(_PRODUCTS, products, levels or CATEGORIES)
    await database.execute(_STOCK)


async def fill_orders(database: asyncpg.Connection, products: int, orders: int) -> None:
    """Of three lines each, all of them delivered."""
    await database.execute(_REPLICA_OF_USERS)
    await database.execute(_REPLICA_OF_PRODUCTS, products)
    await database.execute(_ORDERS, orders)
    await database.execute(_LINES, orders, products)
    await database.execute(_HISTORY)
