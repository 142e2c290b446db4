"""What can happen to an order that others are told of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # The order returns facts and facts hold the order.
    from order_service.domain.order import Order


@dataclass(frozen=True, slots=True)
class _OrderFact:
    order: "Order"


class OrderPlaced(_OrderFact):
    pass


class OrderAmended(_OrderFact):
    """What its owner may change has changed; the status has not."""


class OrderReserved(_OrderFact):
    pass


class OrderRejected(_OrderFact):
    pass


class OrderCancelled(_OrderFact):
    pass


class OrderPaid(_OrderFact):
    pass


class OrderExpired(_OrderFact):
    """Its stock was not held any longer."""


class OrderRefunded(_OrderFact):
    pass


class OrderShipped(_OrderFact):
    pass


class OrderDelivered(_OrderFact):
    pass


Fact = (
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
