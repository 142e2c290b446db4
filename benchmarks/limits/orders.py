"""POST an order: what was wanted at the prices of the moment, in one statement that commits by itself.

It writes all that the shop writes: order, lines, history, the e-mail, the event in the outbox, and the answer under
its key.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import asyncpg
import orjson
from jose import jwt
from uuid_utils import uuid7

from benchmarks.limits.asgi import Answer, Application, Receive, Scope
from benchmarks.limits.database import Database

PRODUCTS = """
    SELECT id::text, name, price::text, currency FROM products
    WHERE id = ANY($1::text[]::uuid[]) AND is_active AND deleted_at IS NULL
"""
PLACE = """
    WITH placed AS (
        INSERT INTO orders (id, user_id, username, status, total, currency, delivery_address, comment, version,
                            created_at, updated_at, announced_at)
        VALUES ($1::text::uuid, $2::text::uuid, $3, 'pending', $4::text::numeric, $5, $6, $7, 1, $8, $8, $8)
    ), lines AS (
        INSERT INTO order_lines (order_id, product_id, position, name, unit_price, quantity)
        SELECT $1::text::uuid, line.id::uuid, position, name, unit_price::numeric, quantity
        FROM unnest($9::text[], $10::text[], $11::text[], $12::int[])
             WITH ORDINALITY AS line (id, name, unit_price, quantity, position)
    ), history AS (
        INSERT INTO order_history (order_id, version, at, actor, to_status)
        VALUES ($1::text::uuid, 1, $8, 'user:' || $2::text, 'pending')
    ), email AS (
        INSERT INTO emails (order_id, order_version, currency, lines, traceparent, created_at, due_at)
        SELECT $1::text::uuid, 1, $5, jsonb_agg(line), $15::text::jsonb ->> 'traceparent', $8, $8
        FROM (
            SELECT jsonb_build_array(id, name, unit_price, quantity)
            FROM unnest($9::text[], $10::text[], $11::text[], $12::int[])
                 WITH ORDINALITY AS line (id, name, unit_price, quantity, position)
            ORDER BY position
        ) AS lines (line)
    ), event AS (
        INSERT INTO outbox (event_id, aggregate, aggregate_id, version, type, payload, headers)
        VALUES ($13::text::uuid, 'order', $1::text::uuid, 1, 'order.placed', $14::text::jsonb, $15::text::jsonb)
    )
    INSERT INTO idempotency_keys
        (user_id, key, fingerprint, resource_id, outcome_unknown, created_at, status, headers, body)
    VALUES ($2::text::uuid, $16, $17, $1::text::uuid, false, now(), 201, $18::text::jsonb, $19)
"""
ANSWERED = "SELECT fingerprint, status, headers, body FROM idempotency_keys WHERE user_id = $1::text::uuid AND key = $2"
PATH = b"POST /api/v1/order\n"
EVENT = ("id", "version", "user_id", "status", "items", "total", "currency")

Json = dict[str, Any]

database = Database()
signing_key: Json = orjson.loads(os.environ.get("JWK", "{}"))
customers: dict[str, tuple[str, str]] = {}
"""Whose tokens were verified. A server that stays up has to forget them when they expire."""


async def answer(scope: Scope, receive: Receive) -> Answer:
    headers = dict(scope["headers"])
    body = (await receive())["body"]
    user_id, username = customer(headers[b"authorization"].decode())
    wanted = orjson.loads(body)
    quantities = {item["product_id"]: item["quantity"] for item in wanted["items"]}
    statements = await database.take()
    try:
        found = {row["id"]: row for row in await statements[0].fetch(list(quantities))}
        order = new_order(user_id, username, wanted, *priced(quantities, found))
        shown = orjson.dumps(order, option=orjson.OPT_UTC_Z)
        answered = {"location": f"/api/v1/order/{order['id']}", "etag": '"1"'}
        key = headers[b"idempotency-key"].decode()
        fingerprint = hashlib.sha256(PATH + body).digest()
        try:
            await statements[1].fetch(*columns(order), key, fingerprint, kept(answered, shown), shown)
        except asyncpg.UniqueViolationError:
            return before(await statements[2].fetchrow(user_id, key), fingerprint)
    finally:
        database.give(statements)
    return 201, shown, [(name.encode(), value.encode()) for name, value in answered.items()]


def new_order(user_id: str, username: str, wanted: Json, items: Sequence[Json], total: str, currency: str) -> Json:
    """As it is shown."""
    now = datetime.now(UTC)
    return {
        "id": str(uuid7()),
        "user_id": user_id,
        "username": username,
        "status": "pending",
        "items": items,
        "total": total,
        "currency": currency,
        "delivery_address": wanted.get("delivery_address"),
        "comment": wanted.get("comment"),
        "status_reason": None,
        "payment": None,
        "reserved_until": None,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def columns(order: Json) -> Iterator[Any]:
    """Of the order, of its lines, and of the event that tells of it."""
    for name in ("id", "user_id", "username", "total", "currency", "delivery_address", "comment", "created_at"):
        yield order[name]
    for name in ("product_id", "name", "unit_price", "quantity"):
        yield [item[name] for item in order["items"]]
    yield str(uuid7())
    yield orjson.dumps({name: order[name] for name in EVENT}).decode()
    yield f'{{"correlation_id":"{uuid7()}","traceparent":"00-{token_hex(16)}-{token_hex(8)}-00"}}'


def kept(answered: Mapping[str, str], shown: bytes) -> str:
    """All headers of the answer."""
    return orjson.dumps({**answered, "content-type": "application/json", "content-length": str(len(shown))}).decode()


def customer(authorization: str) -> tuple[str, str]:
    token = authorization.removeprefix("Bearer ")
    if token not in customers:
        claims = jwt.decode(token, signing_key, algorithms=["ES256"], audience="shop", issuer="shop-auth")
        customers[token] = (claims["sub"], claims["username"])
    return customers[token]


def priced(quantities: Mapping[str, int], found: Mapping[str, Any]) -> tuple[list[Json], str, str]:
    """Lines, total and currency. In cents: quicker than decimals, and as exact."""
    items = []
    total = 0
    for product_id, quantity in quantities.items():
        _, name, price, _ = product = found[product_id]
        cents = int(price.replace(".", "")) * quantity
        total += cents
        items.append(
            {
                "product_id": product_id,
                "name": name,
                "unit_price": price,
                "quantity": quantity,
                "line_total": money(cents),
            }
        )
    return items, money(total), product["currency"]


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def before(row: Any, fingerprint: bytes) -> Answer:
    """The answer that the key was given to the same request."""
    if row["fingerprint"] != fingerprint:
        return 422, b"", ()
    shown = {"location", "etag"}
    headers = [item for item in orjson.loads(row["headers"]).items() if item[0] in shown]
    return row["status"], row["body"], [(name.encode(), value.encode()) for name, value in headers]


def opened() -> AbstractAsyncContextManager[None]:
    return database.open((PRODUCTS, PLACE, ANSWERED))


app = Application(opened, answer)
