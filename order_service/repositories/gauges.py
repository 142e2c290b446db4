"""How many orders there are in which state, what was paid, and what became of e-mails."""

from typing import Final

from prometheus_client import Gauge
from sqlalchemy import text

from libs.database.table_gauges import GaugeQuery

GAUGES: Final = (
    GaugeQuery(
        Gauge("orders", "Orders by status", ["status"], multiprocess_mode="mostrecent"),
        text("SELECT status, count(*) FROM orders GROUP BY status"),
    ),
    GaugeQuery(
        Gauge(
            "orders_pending_oldest_seconds",
            "Age of the oldest order whose stock the catalog has not answered for",
            multiprocess_mode="mostrecent",
        ),
        text("""
            SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)
            FROM orders WHERE status = 'pending'
        """),
    ),
    GaugeQuery(
        Gauge("payments", "Payments by status", ["status"], multiprocess_mode="mostrecent"),
        text("SELECT status, count(*) FROM payments GROUP BY status"),
    ),
    GaugeQuery(
        Gauge("payments_amount", "Sum of payments", ["status", "currency"], multiprocess_mode="mostrecent"),
        text("SELECT status, currency, sum(amount) FROM payments GROUP BY status, currency"),
    ),
    GaugeQuery(
        Gauge("emails", "E-mails to customers by status", ["status"], multiprocess_mode="mostrecent"),
        text("SELECT status, count(*) FROM emails GROUP BY status"),
    ),
)
