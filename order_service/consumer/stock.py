"""catalog_service's answers about the stock of orders."""

from faststream.rabbit import RabbitRouter

from libs.contracts.catalog import StockEvent, StockRejected
from libs.contracts.topology import ORDER_STOCK
from libs.messaging.consumer import subscriber
from order_service.consumer.dependencies import Hold, Uow
from order_service.domain.shortages import Shortage
from order_service.services.stock import stock_rejected, stock_reserved

router = RabbitRouter()


@subscriber(router, ORDER_STOCK, StockEvent)
async def stock_answered(event: StockEvent, uow: Uow, hold: Hold) -> None:
    if isinstance(event, StockRejected):
        shortages = [Shortage(each.product_id, each.wanted, each.available) for each in event.shortages]
        await stock_rejected(uow, event.order_id, event.order_version, shortages)
    else:
        await stock_reserved(uow, event.order_id, event.order_version, hold)
