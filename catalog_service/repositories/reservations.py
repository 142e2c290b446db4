"""Reservations in transactions."""

from uuid import UUID

from sqlalchemy import bindparam, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog_service.domain.reservation import Reservation, State
from catalog_service.domain.shelf import Shortage
from catalog_service.models.reservations import reservations

_new = insert(reservations).values(order_id=bindparam("order"))
# Makes the row of an order that is heard of for the first time, and locks it in any case: of two events of one order
# at once the second waits here and then sees what the first has done.
LOCK = _new.on_conflict_do_update(index_elements=["order_id"], set_={"order_id": _new.excluded.order_id}).returning(
    *reservations.columns
)
SAVE = (
    update(reservations)
    .where(reservations.c.order_id == bindparam("order"))
    .values({name: bindparam(name) for name in ("order_version", "state", "lines", "shortages")})
)


class SqlReservations:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def for_change(self, order_id: UUID) -> Reservation:
        row = (await self._connection.execute(LOCK, {"order": order_id})).one()
        return Reservation(
            order_id=row.order_id,
            order_version=row.order_version,
            state=State(row.state),
            lines={UUID(product): quantity for product, quantity in row.lines.items()},
            shortages=tuple(Shortage(UUID(product), *numbers) for product, *numbers in row.shortages),
        )

    async def save(self, reservation: Reservation) -> None:
        await self._connection.execute(
            SAVE,
            {
                "order": reservation.order_id,
                "order_version": reservation.order_version,
                "state": reservation.state,
                "lines": {str(product): quantity for product, quantity in reservation.lines.items()},
                "shortages": [
                    [str(shortage.product_id), shortage.wanted, shortage.available]
                    for shortage in reservation.shortages
                ],
            },
        )
