"""POST an order, and POST its payment: recorded, then charged, then settled, each committed before the next begins."""

import hashlib
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

import asyncpg
import orjson
from uuid_utils import uuid7

from benchmarks.limits import orders
from benchmarks.limits.asgi import Answer, Application, Receive, Scope
from benchmarks.limits.order_worker import EMAIL, EVENT
from benchmarks.limits.orders import Json, customer, database, kept

RECORD = """
    WITH changed AS (
        UPDATE orders SET version = version + 1, updated_at = $4, announced_at = $4
        WHERE id = $1::text::uuid AND user_id = $2::text::uuid AND status = 'awaiting_payment'
        RETURNING id, version, total, currency
    ), history AS (
        INSERT INTO order_history (order_id, version, at, actor, from_status, to_status, reason)
        SELECT id, version, $4, 'user:' || $2::text, 'awaiting_payment', 'awaiting_payment', 'payment started'
        FROM changed
    ), payment AS (
        INSERT INTO payments (id, order_id, status, method, token, amount, currency, created_at, updated_at, due_at)
        SELECT $3::text::uuid, id, 'started', $5, $6, total, currency, $4, $4, $4 + interval '15 seconds' FROM changed
    ), key AS (
        INSERT INTO idempotency_keys
            (user_id, key, fingerprint, resource_id, claim, claimed_until, outcome_unknown, created_at)
        SELECT $2::text::uuid, $7, $8, $3::text::uuid, $3::text::uuid, now() + interval '15 seconds', false, now()
        FROM changed
    )
    SELECT total::text, currency FROM changed
"""
CHARGE = """
    INSERT INTO mock_provider_charges (payment_id, reference, amount, currency, created_at)
    VALUES ($1::text::uuid, $2, $3::text::numeric, $4, now()) ON CONFLICT DO NOTHING
"""
SETTLE = f"""
    WITH paid AS (
        UPDATE payments SET status = 'succeeded', token = NULL, due_at = NULL, provider_reference = $2,
                            updated_at = now()
        WHERE id = $1::text::uuid AND status = 'started' RETURNING order_id
    ), changed AS (
        UPDATE orders SET status = 'paid', version = version + 1, reserved_until = NULL, updated_at = now(),
                          announced_at = now()
        FROM paid WHERE id = order_id AND status = 'awaiting_payment'
        RETURNING id, version, user_id, status, total, currency
    ), history AS (
        INSERT INTO order_history (order_id, version, at, actor, from_status, to_status)
        SELECT id, version, now(), 'payments', 'awaiting_payment', 'paid' FROM changed
    ), email AS ({EMAIL}), event AS (
        INSERT INTO outbox (event_id, aggregate, aggregate_id, version, type, payload, headers)
        SELECT gen_random_uuid(), 'order', id, version, 'order.paid', {EVENT}, '{{"correlation_id": "-"}}' FROM changed
    )
    UPDATE idempotency_keys SET status = 201, headers = $5::text::jsonb, body = $6, claim = NULL, claimed_until = NULL
    WHERE user_id = $3::text::uuid AND key = $4
"""
NOT_PAYABLE: Answer = (409, b"", ())


async def answer(scope: Scope, receive: Receive) -> Answer:
    return await (pay if scope["path"].endswith("/payment") else orders.answer)(scope, receive)


async def pay(scope: Scope, receive: Receive) -> Answer:
    path: str = scope["path"]
    headers = dict(scope["headers"])
    body = (await receive())["body"]
    user_id, _ = customer(headers[b"authorization"].decode())
    wanted, key = orjson.loads(body), headers[b"idempotency-key"].decode()
    payment: Json = {"id": str(uuid7()), "status": "succeeded", "method": wanted["method"]}
    order_id, now = path.split("/")[-2], datetime.now(UTC)
    fingerprint = hashlib.sha256(f"POST {path}\n".encode() + body).digest()
    statements = await database.take()
    try:
        recorded = await statements[3].fetchrow(
            order_id, user_id, payment["id"], now, payment["method"], wanted["token"], key, fingerprint
        )
        if recorded is None:
            return NOT_PAYABLE
        payment["amount"], payment["currency"] = recorded
        payment["provider_reference"] = f"mock_{uuid7().hex}"
        await statements[4].fetch(payment["id"], payment["provider_reference"], *recorded)
        shown = orjson.dumps({**payment, "reason": None, "created_at": now}, option=orjson.OPT_UTC_Z)
        answered = {"location": f"/api/v1/order/{order_id}"}
        await statements[5].fetch(
            payment["id"], payment["provider_reference"], user_id, key, kept(answered, shown), shown
        )
    except asyncpg.UniqueViolationError:
        return orders.before(await statements[2].fetchrow(user_id, key), fingerprint)
    finally:
        database.give(statements)
    return 201, shown, [(name.encode(), value.encode()) for name, value in answered.items()]


def opened() -> AbstractAsyncContextManager[None]:
    return database.open((orders.PRODUCTS, orders.PLACE, orders.ANSWERED, RECORD, CHARGE, SETTLE))


app = Application(opened, answer)
