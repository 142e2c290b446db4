"""catalog_service's answers about the stock of orders."""

from faststream.rabbit import RabbitRouter

from libs.consumers.subscriber import subscriber
from libs.contracts.catalog import StockEvent, StockRejected
from libs.contracts.topology import ORDER_STOCK
from order_service.consumer.dependencies import Hold, Uow
from order_service.domain.shortages import Shortage, StockAnswer
from order_service.services.stock import take_answers

router = RabbitRouter()


@subscriber(router, ORDER_STOCK, StockEvent)
async def stock_answered(events: list[StockEvent], uow: Uow, hold: Hold) -> None:
    await take_answers(uow, hold, *map(_answer, events))


def _answer(event: StockEvent) -> StockAnswer:
    told = event.shortages if isinstance(event, StockRejected) else ()
    shortages = tuple(Shortage(each.product_id, each.wanted, each.available) for each in told)
    return StockAnswer(event.order_id, event.order_version, shortages)
