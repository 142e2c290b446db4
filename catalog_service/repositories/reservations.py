"""Reservations in transactions."""

import json
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Text, Uuid, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert

from catalog_service.domain.reservation import Reservation, ReservationState
from catalog_service.domain.stock_allocation import Shortage
from catalog_service.models.reservations import reservations
from libs.database.arrays import arrays
from libs.database.database import Transaction
from libs.database.executor import Row

_order_ids = func.unnest(bindparam("order_ids", type_=ARRAY(Uuid))).column_valued("order_id")
_new = insert(reservations).from_select(["order_id"], select(_order_ids))
# Makes the rows of orders that are heard of for the first time, and locks them in any case: of two events of one order
# at once the second waits here and then sees what the first has done.
LOCK = _new.on_conflict_do_update(index_elements=["order_id"], set_={"order_id": _new.excluded.order_id}).returning(
    *reservations.columns
)
SAVE = text("""
    UPDATE reservations
    SET order_version = changed.order_version, state = changed.state,
        lines = changed.lines::jsonb, shortages = changed.shortages::jsonb
    FROM unnest(:order_ids, :order_versions, :states, :lines, :shortages)
         AS changed (order_id, order_version, state, lines, shortages)
    WHERE reservations.order_id = changed.order_id
""").bindparams(
    *arrays(order_ids=Uuid, order_versions=BigInteger, states=Text, lines=Text, shortages=Text),
)


class SqlReservations:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def for_change(self, order_ids: Collection[UUID]) -> Mapping[UUID, Reservation]:
        # Everybody makes and locks them in this order, so nobody waits for somebody who waits for them.
        rows = await self._transaction.fetch_all(LOCK, {"order_ids": sorted(order_ids)})
        return {row.order_id: _reservation(row) for row in rows}

    async def save(self, changed: Sequence[Reservation]) -> None:
        await self._transaction.execute(
            SAVE,
            {
                "order_ids": [each.order_id for each in changed],
                "order_versions": [each.order_version for each in changed],
                "states": [each.state for each in changed],
                "lines": [_lines(each) for each in changed],
                "shortages": [_shortages(each) for each in changed],
            },
        )


def _reservation(row: Row) -> Reservation:
    return Reservation(
        order_id=row.order_id,
        order_version=row.order_version,
        state=ReservationState(row.state),
        lines={UUID(product): quantity for product, quantity in row.lines.items()},
        shortages=tuple(Shortage(UUID(product), *numbers) for product, *numbers in row.shortages),
    )


def _lines(reservation: Reservation) -> str:
    return json.dumps({str(product): quantity for product, quantity in reservation.lines.items()})


def _shortages(reservation: Reservation) -> str:
    return json.dumps([[str(each.product_id), each.wanted, each.available] for each in reservation.shortages])
