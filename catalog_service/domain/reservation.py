"""What an order has of the stock, brought to what the order's newest state demands.

A reservation has one effect on stock at a time: none, units kept, or units gone. Following an order undoes the old
effect and has the new one, whatever lay between; so it does not matter which states were skipped, repeated or late.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from catalog_service.domain.events import StockRejected, StockReserved, StockResult
from catalog_service.domain.stock_allocation import Shortage, StockMovement, StockSnapshot, movements_between

Lines = Mapping[UUID, int]
NOTHING: Lines = {}


class ReservationState(StrEnum):
    RELEASED = "released"
    SHORT = "short"
    HELD = "held"
    SOLD = "sold"


STATE_FOR_ORDER_STATUS = {
    "pending": ReservationState.HELD,
    "awaiting_payment": ReservationState.HELD,
    "paid": ReservationState.SOLD,
    "shipped": ReservationState.SOLD,
    "delivered": ReservationState.SOLD,
    "rejected": ReservationState.RELEASED,
    "cancelled": ReservationState.RELEASED,
    "expired": ReservationState.RELEASED,
    "refunded": ReservationState.RELEASED,
}


class StockMissingError(RuntimeError):
    """An order was promised units that are not there: no rule covers that, so a person must look at it."""


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """What concerns the catalog of an order at one of its versions."""

    id: UUID
    version: int
    status: str
    lines: Lines

    @property
    def awaits_result(self) -> bool:
        """Whether order_service waits for an answer to this version."""
        return self.status == "pending"


@dataclass(slots=True)
class Reservation:
    order_id: UUID
    order_version: int = 0
    """0: no version of the order has been followed yet."""
    state: ReservationState = ReservationState.RELEASED
    lines: Lines = field(default_factory=dict)
    shortages: tuple[Shortage, ...] = ()

    def is_older_than(self, order: OrderSnapshot) -> bool:
        return self.order_version < order.version

    def affected_products(self, order: OrderSnapshot) -> frozenset[UUID]:
        """The products whose stock must be known, and must not change meanwhile, to follow the order."""
        state, lines = target_state(order)
        return frozenset({*self.lines, *lines}) if self._movements(state, lines) else frozenset()

    def apply(self, order: OrderSnapshot, stock: StockSnapshot) -> list[StockMovement]:
        """What moved. An order that asks gets all of its lines or none, and no more than is for sale."""
        state, lines = target_state(order)
        movements = self._movements(state, lines)
        missing = stock.shortages(movements, lines, for_sale_only=order.awaits_result)
        if missing:
            if not order.awaits_result:
                raise StockMissingError(f"Order {order.id} is {order.status}, but its stock is not there: {missing}")
            state, lines = ReservationState.SHORT, NOTHING
            movements = self._movements(state, lines)
        self.order_version, self.state, self.lines, self.shortages = order.version, state, lines, missing
        stock.apply(movements)
        return movements

    def result(self) -> StockResult:
        if self.shortages:
            return StockRejected(self.order_id, self.order_version, self.shortages)
        return StockReserved(self.order_id, self.order_version)

    def _movements(self, state: ReservationState, lines: Lines) -> list[StockMovement]:
        return movements_between(
            kept=(_if(self.state is ReservationState.HELD, self.lines), _if(state is ReservationState.HELD, lines)),
            gone=(_if(self.state is ReservationState.SOLD, self.lines), _if(state is ReservationState.SOLD, lines)),
        )


def newest(orders: Iterable[OrderSnapshot]) -> list[OrderSnapshot]:
    """Each order once, at the newest of its versions here; who was heard of first comes first."""
    found: dict[UUID, OrderSnapshot] = {}
    for order in orders:
        known = found.get(order.id)
        if known is None or known.version < order.version:
            found[order.id] = order
    return list(found.values())


def target_state(order: OrderSnapshot) -> tuple[ReservationState, Lines]:
    state = STATE_FOR_ORDER_STATUS[order.status]
    return state, NOTHING if state is ReservationState.RELEASED else order.lines


def _if(condition: bool, lines: Lines) -> Lines:
    return lines if condition else NOTHING
