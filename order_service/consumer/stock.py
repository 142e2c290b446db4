"""catalog_service's answers about the stock of orders."""

from faststream.rabbit import RabbitRouter

from libs.consumers.subscriber import subscriber
from libs.contracts.catalog import StockEvent, StockRejected
from libs.contracts.topology import ORDER_STOCK
from order_service.consumer.dependencies import HoldDep, UowDep
from order_service.domain.stock_result import Shortage, StockResult
from order_service.services.apply_stock_results import apply_stock_results

router = RabbitRouter()


@subscriber(router, ORDER_STOCK, StockEvent)
async def stock_answered(events: list[StockEvent], uow: UowDep, hold: HoldDep) -> None:
    await apply_stock_results(uow, hold, *map(_answer, events))


def _answer(event: StockEvent) -> StockResult:
    told = event.shortages if isinstance(event, StockRejected) else ()
    shortages = tuple(Shortage(each.product_id, each.wanted, each.available) for each in told)
    return StockResult(event.order_id, event.order_version, shortages)
