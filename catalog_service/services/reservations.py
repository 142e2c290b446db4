"""Stock follows the orders: see "The order's story" in docs/architecture/catalog.md."""

from datetime import UTC, datetime

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.reservation import Order


async def follow_order(uow: UnitOfWorkFactory, order: Order) -> None:
    """Brings the order's reservation to what this version of it demands, unless a newer one was followed already."""
    async with uow() as work:
        reservation = await work.reservations.for_change(order.id)
        if reservation.is_older_than(order):
            products = reservation.touches(order)
            shelf = await work.stocks.lock_shelf(products) if products else {}
            movements = reservation.follow(order, shelf)
            if movements:
                await work.stocks.move(movements, order.id, datetime.now(UTC))
            await work.reservations.save(reservation)
        # The same version again means that the answer was lost, or is late: it is given again.
        if order.asks and reservation.order_version == order.version:
            work.record(reservation.answer())
