"""Stock and its ledger in transactions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Uuid, bindparam, insert, select, text, update

from catalog_service.domain.stock import LedgerEntry, Stock
from catalog_service.domain.stock_allocation import StockLevel, StockMovement, StockSnapshot
from catalog_service.exceptions import ProductNotFound
from catalog_service.models.products import products
from catalog_service.models.stock import stock, stock_ledger
from libs.database.arrays import any_array, arrays
from libs.database.database import Transaction

BY_ID = select(stock).where(stock.c.product_id == bindparam("product"))
OF_A_PRODUCT = (
    select(stock)
    .join(products, products.c.id == stock.c.product_id)
    .where(stock.c.product_id == bindparam("product"), products.c.deleted_at.is_(None))
    .with_for_update(of=stock)
)
ADD = insert(stock)
SAVE = (
    update(stock)
    .where(stock.c.product_id == bindparam("product"), stock.c.version == bindparam("seen"))
    .values(on_hand=bindparam("on_hand"), reserved=bindparam("reserved"), version=bindparam("version"))
)
ADD_LEDGER_ENTRY = insert(stock_ledger)
# Everybody locks in this order, so nobody waits for somebody who waits for them.
LOCK_LEVELS = (
    select(
        stock.c.product_id,
        stock.c.on_hand,
        stock.c.reserved,
        (products.c.is_active & products.c.deleted_at.is_(None)).label("is_for_sale"),
    )
    .join(products, products.c.id == stock.c.product_id)
    .where(stock.c.product_id == any_array("product_ids", Uuid))
    .order_by(stock.c.product_id)
    .with_for_update(of=stock)
)
# A row changes once in a statement, so the versions of several movements of one product are counted here.
APPLY_MOVEMENTS = text("""
    WITH movement AS (
        SELECT product_id, on_hand, reserved, order_id,
               row_number() OVER (PARTITION BY product_id ORDER BY place) AS nth
        FROM unnest(:product_ids, :on_hand, :reserved, :order_ids)
             WITH ORDINALITY AS movement (product_id, on_hand, reserved, order_id, place)
    ), total AS (
        SELECT product_id, sum(on_hand) AS on_hand, sum(reserved) AS reserved, count(*) AS versions
        FROM movement GROUP BY product_id
    ), moved AS (
        UPDATE stock
        SET on_hand = stock.on_hand + total.on_hand,
            reserved = stock.reserved + total.reserved,
            version = stock.version + total.versions
        FROM total WHERE stock.product_id = total.product_id
        RETURNING stock.product_id, stock.version - total.versions AS version_before
    )
    INSERT INTO stock_ledger (product_id, version, delta, reason, order_id, at)
    SELECT product_id, version_before + nth, on_hand, CASE WHEN on_hand < 0 THEN 'sold' ELSE 'returned' END,
           order_id, :now
    FROM movement JOIN moved USING (product_id) WHERE on_hand <> 0
""").bindparams(
    *arrays(product_ids=Uuid, on_hand=BigInteger, reserved=BigInteger, order_ids=Uuid),
    bindparam("now", type_=DateTime(timezone=True)),
)


class SqlStocks:
    def __init__(self, transaction: Transaction, changed: set[UUID]) -> None:
        """`changed` learns the products whose stock the transaction changes."""
        self._transaction = transaction
        self._changed = changed

    async def add(self, new: Stock) -> None:
        await self._transaction.execute(
            ADD,
            {
                "product_id": new.product_id,
                "on_hand": new.on_hand,
                "reserved": new.reserved,
                "version": new.version,
            },
        )

    async def get(self, product_id: UUID) -> Stock:
        return Stock(*await self._transaction.fetch_only(BY_ID, {"product": product_id}))

    async def for_change(self, product_id: UUID) -> Stock:
        row = await self._transaction.fetch_one(OF_A_PRODUCT, {"product": product_id})
        if row is None:
            raise ProductNotFound(f"There is no product {product_id}.")
        return Stock(*row)

    async def save(self, stock: Stock) -> None:
        self._changed.add(stock.product_id)
        await self._transaction.execute(
            SAVE,
            {
                "product": stock.product_id,
                "seen": stock.version - 1,
                "on_hand": stock.on_hand,
                "reserved": stock.reserved,
                "version": stock.version,
            },
        )

    async def add_ledger_entry(self, entry: LedgerEntry) -> None:
        await self._transaction.execute(
            ADD_LEDGER_ENTRY,
            {
                "product_id": entry.product_id,
                "version": entry.version,
                "delta": entry.delta,
                "reason": entry.reason,
                "actor_id": entry.actor.id,
                "actor": entry.actor.username,
                "at": entry.at,
            },
        )

    async def lock_levels(self, product_ids: Collection[UUID]) -> StockSnapshot:
        rows = await self._transaction.fetch_all(LOCK_LEVELS, {"product_ids": list(product_ids)})
        return StockSnapshot({row.product_id: StockLevel(row.on_hand, row.reserved, row.is_for_sale) for row in rows})

    async def apply_movements(self, movements: Mapping[UUID, Sequence[StockMovement]], now: datetime) -> None:
        each = [(order_id, movement) for order_id, moved in movements.items() for movement in moved]
        self._changed.update(movement.product_id for _, movement in each)
        await self._transaction.execute(
            APPLY_MOVEMENTS,
            {
                "product_ids": [movement.product_id for _, movement in each],
                "on_hand": [movement.on_hand for _, movement in each],
                "reserved": [movement.reserved for _, movement in each],
                "order_ids": [order_id for order_id, _ in each],
                "now": now,
            },
        )
