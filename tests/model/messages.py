"""What the two services tell each other, as far as orders and stock are concerned."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from catalog_service.domain.events import StockRejected, StockReserved
from catalog_service.domain.stock_allocation import Shortage
from libs.contracts.topology import CATALOG_ORDERS
from order_service.domain.events import DomainEvent


@dataclass(frozen=True, slots=True)
class OrderMessage:
    order_id: UUID
    version: int
    status: str
    lines: tuple[tuple[UUID, int], ...]


@dataclass(frozen=True, slots=True)
class StockResultMessage:
    order_id: UUID
    version: int
    shortages: tuple[Shortage, ...]


Message = OrderMessage | StockResultMessage


def is_delivered(event_type: str) -> bool:
    """Not every event of an order is for the catalog; all of the catalog's that there are here are for orders."""
    return not event_type.startswith("order.") or event_type in CATALOG_ORDERS.patterns


def of_order(fact: DomainEvent) -> OrderMessage:
    order = fact.order
    lines = tuple((line.product_id, line.quantity) for line in order.lines)
    return OrderMessage(order.id, order.version, order.status.value, lines)


def of_answer(answer: StockReserved | StockRejected) -> StockResultMessage:
    shortages = answer.shortages if isinstance(answer, StockRejected) else ()
    return StockResultMessage(answer.order_id, answer.order_version, shortages)


def read(event_type: str, data: dict[str, Any]) -> Message:
    """From the JSON that waits in an outbox."""
    if event_type.startswith("order."):
        lines = tuple((UUID(item["product_id"]), item["quantity"]) for item in data["items"])
        return OrderMessage(UUID(data["id"]), data["version"], data["status"], lines)
    shortages = tuple(
        Shortage(UUID(each["product_id"]), each["wanted"], each["available"]) for each in data.get("shortages", ())
    )
    return StockResultMessage(UUID(data["order_id"]), data["order_version"], shortages)
