"""What order_service tells about its orders: always the whole order, as it is after the change."""

from typing import ClassVar, Literal
from uuid import UUID

from libs.contracts.base import Currency, Money, Quantity, Record, StateEvent, Text

OrderStatus = Literal[
    "pending",
    "awaiting_payment",
    "rejected",
    "paid",
    "cancelled",
    "expired",
    "refunded",
    "shipped",
    "delivered",
]


class OrderItem(Record):
    product_id: UUID
    name: Text
    unit_price: Money
    quantity: Quantity
    line_total: Money


class _OrderState(StateEvent):
    source: ClassVar[str] = "/order"
    aggregate: ClassVar[str] = "order"

    user_id: UUID
    status: OrderStatus
    items: tuple[OrderItem, ...]
    total: Money
    currency: Currency

    @property
    def about(self) -> UUID:
        return self.user_id


class OrderPlaced(_OrderState):
    type: ClassVar[str] = "order.placed"


class OrderAmended(_OrderState):
    type: ClassVar[str] = "order.amended"


class OrderReserved(_OrderState):
    type: ClassVar[str] = "order.reserved"


class OrderRejected(_OrderState):
    type: ClassVar[str] = "order.rejected"


class OrderPaid(_OrderState):
    type: ClassVar[str] = "order.paid"


class OrderCancelled(_OrderState):
    type: ClassVar[str] = "order.cancelled"


class OrderExpired(_OrderState):
    type: ClassVar[str] = "order.expired"


class OrderRefunded(_OrderState):
    type: ClassVar[str] = "order.refunded"


class OrderShipped(_OrderState):
    type: ClassVar[str] = "order.shipped"


class OrderDelivered(_OrderState):
    type: ClassVar[str] = "order.delivered"


OrderEvent = (
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
