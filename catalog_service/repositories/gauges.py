"""How many products there are, how much of them is on the shelf, and how much of that is promised to orders."""

from typing import Final

from prometheus_client import Gauge
from sqlalchemy import text

from libs.database.table_gauges import GaugeQuery

GAUGES: Final = (
    GaugeQuery(
        Gauge("products", "Products that are not deleted", ["is_active"], multiprocess_mode="mostrecent"),
        text("""
            SELECT CASE WHEN is_active THEN 'yes' ELSE 'no' END, count(*)
            FROM products WHERE deleted_at IS NULL GROUP BY 1
        """),
    ),
    GaugeQuery(
        Gauge("stock_units", "Units of all products together", ["what"], multiprocess_mode="mostrecent"),
        text("""
            SELECT what, units FROM (SELECT sum(on_hand) AS on_hand, sum(reserved) AS reserved FROM stock) AS stock,
                   LATERAL (VALUES ('on_hand', coalesce(on_hand, 0)), ('reserved', coalesce(reserved, 0)))
                   AS each (what, units)
        """),
    ),
    GaugeQuery(
        Gauge("reservations", "Orders by what the catalog did for them", ["state"], multiprocess_mode="mostrecent"),
        text("SELECT state, count(*) FROM reservations GROUP BY state"),
    ),
)
