"""How many users there are."""

from typing import Final

from prometheus_client import Gauge
from sqlalchemy import text

from libs.database.table_gauges import GaugeQuery

GAUGES: Final = (
    GaugeQuery(
        Gauge("users", "Users that are not deleted", ["role", "is_active"], multiprocess_mode="mostrecent"),
        text("SELECT role, CASE WHEN is_active THEN 'yes' ELSE 'no' END, count(*) FROM users GROUP BY 1, 2"),
    ),
)
