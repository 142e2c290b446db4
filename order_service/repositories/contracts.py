"""Facts as others hear of them."""

from collections.abc import Mapping

from libs.contracts import orders as contracts
from order_service.domain import facts
from order_service.domain.facts import Fact

CONTRACTS: Mapping[type[Fact], type[contracts.OrderEvent]] = {
    facts.OrderPlaced: contracts.OrderPlaced,
    facts.OrderAmended: contracts.OrderAmended,
    facts.OrderReserved: contracts.OrderReserved,
    facts.OrderRejected: contracts.OrderRejected,
    facts.OrderPaid: contracts.OrderPaid,
    facts.OrderExpired: contracts.OrderExpired,
    facts.OrderRefunded: contracts.OrderRefunded,
    facts.OrderCancelled: contracts.OrderCancelled,
    facts.OrderShipped: contracts.OrderShipped,
    facts.OrderDelivered: contracts.OrderDelivered,
}


def contract_of(fact: Fact) -> contracts.OrderEvent:
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
