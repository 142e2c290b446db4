"""Changed orders in one statement, together with the entries of their history and the e-mails about them."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, DateTime, Numeric, Text, Uuid, text

from libs.database.arrays import arrays
from order_service.domain.order import Order
from order_service.notifications.repository import EMAIL_COLUMNS, ENQUEUE, enqueued

# An order that has another version than was read stays as it is, and so do its history and its e-mails. The subqueries
# hide from PostgreSQL how many there are: it would plan each time anew (see `any_array`).
SAVE = text(f"""
    WITH saved AS (
        UPDATE orders
        SET status = changed.status, status_reason = changed.status_reason,
            delivery_address = changed.delivery_address, comment = changed.comment, total = changed.total,
            currency = changed.currency, version = changed.version, updated_at = changed.updated_at,
            announced_at = changed.updated_at, reserved_until = changed.reserved_until, deleted_at = changed.deleted_at
        FROM unnest((SELECT :ids), :seen, :statuses, :status_reasons, :delivery_addresses, :comments, :totals,
                    :currencies, :order_versions, :updated_ats, :reserved_untils, :deleted_ats)
             AS changed (id, seen, status, status_reason, delivery_address, comment, total, currency,
                         version, updated_at, reserved_until, deleted_at)
        WHERE orders.id = changed.id AND orders.version = changed.seen
        RETURNING orders.id
    ), emails AS (
        {ENQUEUE} WHERE order_id IN (SELECT id FROM saved)
    )
    INSERT INTO order_history (order_id, version, at, actor, from_status, to_status, reason)
    SELECT change.*
    FROM saved JOIN unnest((SELECT :order_ids), :versions, :moments, :actors, :from_statuses, :to_statuses, :reasons)
         AS change (order_id, version, at, actor, from_status, to_status, reason) ON change.order_id = saved.id
""").bindparams(  # noqa: S608 - made of constants
    *arrays(
        ids=Uuid,
        seen=BigInteger,
        statuses=Text,
        status_reasons=Text,
        delivery_addresses=Text,
        comments=Text,
        totals=Numeric(14, 2),
        currencies=Text,
        order_versions=BigInteger,
        updated_ats=DateTime(timezone=True),
        reserved_untils=DateTime(timezone=True),
        deleted_ats=DateTime(timezone=True),
        order_ids=Uuid,
        versions=BigInteger,
        moments=DateTime(timezone=True),
        actors=Text,
        from_statuses=Text,
        to_statuses=Text,
        reasons=Text,
    ),
    *EMAIL_COLUMNS,
)


def changes_of(orders: Sequence[Order]) -> dict[str, Sequence[object]]:
    """The arguments of `SAVE`. Each of the orders has changed."""
    entries = [(order.id, change) for order in orders for change in order.changes]
    return {
        "ids": [order.id for order in orders],
        "seen": [order.changes[0].version - 1 for order in orders],
        "statuses": [order.status for order in orders],
        "status_reasons": [order.status_reason for order in orders],
        "delivery_addresses": [order.delivery_address for order in orders],
        "comments": [order.comment for order in orders],
        "totals": [order.total for order in orders],
        "currencies": [order.currency for order in orders],
        "order_versions": [order.version for order in orders],
        "updated_ats": [order.updated_at for order in orders],
        "reserved_untils": [order.reserved_until for order in orders],
        "deleted_ats": [order.deleted_at for order in orders],
        "order_ids": [order_id for order_id, _ in entries],
        "versions": [change.version for _, change in entries],
        "moments": [change.at for _, change in entries],
        "actors": [change.actor for _, change in entries],
        "from_statuses": [change.from_status for _, change in entries],
        "to_statuses": [change.to_status for _, change in entries],
        "reasons": [change.reason for _, change in entries],
        **enqueued(orders),
    }
