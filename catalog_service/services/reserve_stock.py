"""Stock follows the orders: see "The order's story" in docs/architecture/catalog.md."""

from datetime import UTC, datetime

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.reservation import OrderSnapshot, newest
from catalog_service.domain.stock_allocation import StockSnapshot


async def reserve_stock_for_orders(uow: UnitOfWorkFactory, *orders: OrderSnapshot) -> None:
    """Brings each order's reservation to what its newest version here demands, unless a newer one was followed already.

    Orders are followed one after the other as they come. Any number of them costs as many statements as one.
    """
    heard = newest(orders)
    async with uow() as work:
        reservations = await work.reservations.for_change([order.id for order in heard])
        followed = [(reservations[order.id], order) for order in heard]
        news = [(reservation, order) for reservation, order in followed if reservation.is_older_than(order)]
        products = {product for reservation, order in news for product in reservation.affected_products(order)}
        shelf = await work.stocks.lock_levels(products) if products else StockSnapshot({})
        movements = {order.id: reservation.apply(order, shelf) for reservation, order in news}
        if any(movements.values()):
            await work.stocks.apply_movements(movements, datetime.now(UTC))
        if news:
            await work.reservations.save([reservation for reservation, _ in news])
        for reservation, order in followed:
            # The same version again means that the answer was lost, or is late: it is given again.
            if order.awaits_result and reservation.order_version == order.version:
                work.record(reservation.result())
