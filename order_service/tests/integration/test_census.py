"""What Prometheus is told of orders, money and mails."""

from prometheus_client import REGISTRY
from sqlalchemy import text

from libs.database.database import Database
from libs.database.table_gauges import TableGauges
from libs.testing.fixtures import DatabaseFor
from order_service.repositories.gauges import GAUGES

PLACE = text("""
    WITH placed AS (
        INSERT INTO orders
            (id, user_id, username, status, total, currency, version, created_at, updated_at, announced_at)
        SELECT gen_random_uuid(), gen_random_uuid(), 'ada', status, 10, 'EUR', 1, now() - interval '1 hour',
               now(), now()
        FROM unnest(ARRAY['pending', 'paid', 'paid']) AS status
        RETURNING id, status
    ), mailed AS (
        INSERT INTO emails (order_id, order_version, status, created_at, settled_at)
        SELECT id, 1, 'sent', now(), now() FROM placed
    )
    INSERT INTO payments
        (id, order_id, status, method, amount, currency, provider_reference, created_at, updated_at)
    SELECT gen_random_uuid(), id, 'succeeded', 'card', 10, 'EUR', 'r', now(), now() FROM placed WHERE status = 'paid'
""")


async def test_orders_money_and_mails_are_counted(database_for: DatabaseFor) -> None:
    transactions = Database(await database_for("order_service", own="census"), pool_size=1)
    await transactions.execute(PLACE)
    await TableGauges(transactions, GAUGES).refresh()
    await transactions.aclose()
    value = REGISTRY.get_sample_value
    assert (value("orders", {"status": "pending"}), value("orders", {"status": "paid"})) == (1, 2)
    assert 3600 <= (value("orders_pending_oldest_seconds") or 0) < 3700
    assert value("payments", {"status": "succeeded"}) == 2
    assert value("payments_amount", {"status": "succeeded", "currency": "EUR"}) == 20
    assert value("emails", {"status": "sent"}) == 3
