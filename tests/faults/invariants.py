"""What is there of all that was acknowledged, asked of the databases themselves."""

from typing import Final

import asyncpg

from ops.verify.databases import Databases
from tests.faults.write_log import Findings, Row, WriteLog

# (id, mark, state) of everything that the writers of a load make.
THINGS: Final = {
    "user": (
        "auth",
        """
        SELECT id::text, email, username FROM users WHERE role = 'user'
        UNION ALL SELECT id::text, NULL, 'gone' FROM deleted_users
        """,
    ),
    "product": (
        "catalog",
        "SELECT id::text, sku, CASE WHEN deleted_at IS NULL THEN name ELSE 'gone' END FROM products",
    ),
    "movement": (
        "catalog",
        """
        SELECT product_id || ' ' || version, reason, 'created' FROM stock_ledger
        WHERE order_id IS NULL AND reason LIKE 'movement %'
        """,
    ),
    "order": ("order", "SELECT id::text, comment, status FROM orders"),
}
# What may be there once at most, and what there must be besides.
TWICE: Final = {
    "an order's units moved": (
        "catalog",
        """
        SELECT order_id, product_id FROM stock_ledger WHERE order_id IS NOT NULL
        GROUP BY order_id, product_id, sign(delta) HAVING count(*) > 1
        """,
    ),
    "an order's money captured": (
        "order",
        """
        SELECT order_id FROM mock_provider_charges JOIN payments ON payments.id = payment_id
        WHERE declined_because IS NULL GROUP BY order_id HAVING count(*) > 1
        """,
    ),
    "a customer told": (
        "order",
        """
        SELECT order_id, to_status FROM emails JOIN order_history USING (order_id) WHERE version = order_version
        GROUP BY order_id, to_status HAVING count(*) > 1
        """,
    ),
}
UNTOLD: Final = """
    SELECT order_id, version, to_status FROM order_history
    WHERE from_status IS DISTINCT FROM to_status AND NOT EXISTS (
        SELECT FROM emails
        WHERE emails.order_id = order_history.order_id AND order_version = order_history.version)
"""


async def check_invariants(ledger: WriteLog, databases: Databases) -> Findings:
    findings = Findings(ledger.acknowledged)
    for kind, (service, query) in THINGS.items():
        rows = await databases[service].fetch(query)
        ledger.check(kind, (Row(*row) for row in rows), findings)
    for what, (service, query) in TWICE.items():
        findings.duplicated += [f"{what}: {_text(row)}" for row in await databases[service].fetch(query)]
    findings.lost += [f"a mail: {_text(row)}" for row in await databases["order"].fetch(UNTOLD)]
    return findings


def _text(row: asyncpg.Record) -> str:
    return " ".join(map(str, row))
