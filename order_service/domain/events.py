"""What can happen to an order that others are told of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # The order returns facts and facts hold the order.
    from order_service.domain.order import Order


@dataclass(frozen=True, slots=True)
class _OrderEvent:
    order: "Order"


class OrderPlaced(_OrderEvent):
    pass


class OrderAmended(_OrderEvent):
    """What its owner may change has changed; the status has not."""


class OrderReserved(_OrderEvent):
    pass


class OrderRejected(_OrderEvent):
    pass


class OrderCancelled(_OrderEvent):
    pass


class OrderPaid(_OrderEvent):
    pass


class OrderExpired(_OrderEvent):
    """Its stock was not held any longer."""


class OrderRefunded(_OrderEvent):
    pass


class OrderShipped(_OrderEvent):
    pass


class OrderDelivered(_OrderEvent):
    pass


DomainEvent = (
    OrderPlaced
    | OrderAmended
    | OrderReserved
    | OrderRejected
    | OrderPaid
    | OrderCancelled
    | OrderExpired
    | OrderRefunded
    | OrderShipped
    | OrderDelivered
)
