"""Facts as others hear of them."""

from collections.abc import Mapping

from libs.contracts import orders as contracts
from order_service.domain import events
from order_service.domain.events import DomainEvent

CONTRACTS: Mapping[type[DomainEvent], type[contracts.OrderEvent]] = {
    events.OrderPlaced: contracts.OrderPlaced,
    events.OrderAmended: contracts.OrderAmended,
    events.OrderReserved: contracts.OrderReserved,
    events.OrderRejected: contracts.OrderRejected,
    events.OrderPaid: contracts.OrderPaid,
    events.OrderExpired: contracts.OrderExpired,
    events.OrderRefunded: contracts.OrderRefunded,
    events.OrderCancelled: contracts.OrderCancelled,
    events.OrderShipped: contracts.OrderShipped,
    events.OrderDelivered: contracts.OrderDelivered,
}


def contract_of(fact: DomainEvent) -> contracts.OrderEvent:
    order = fact.order
    return CONTRACTS[type(fact)](
        id=order.id,
        version=order.version,
        user_id=order.user_id,
        status=order.status.value,
        items=tuple(
            contracts.OrderItem(
                product_id=line.product_id,
                name=line.name,
                unit_price=line.unit_price,
                quantity=line.quantity,
                line_total=line.total,
            )
            for line in order.lines
        ),
        total=order.total,
        currency=order.currency,
    )
