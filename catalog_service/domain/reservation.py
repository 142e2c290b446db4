"""What an order has of the stock, brought to what the order's newest state demands.

A reservation has one effect on stock at a time: none, units kept, or units gone. Following an order undoes the old
effect and has the new one, whatever lay between; so it does not matter which states were skipped, repeated or late.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from catalog_service.domain.facts import Answer, StockHeld, StockShort
from catalog_service.domain.shelf import Movement, Shelf, Shortage, difference

Lines = Mapping[UUID, int]
NOTHING: Lines = {}


class State(StrEnum):
    RELEASED = "released"
    SHORT = "short"
    HELD = "held"
    SOLD = "sold"


DEMANDS = {
    "pending": State.HELD,
    "awaiting_payment": State.HELD,
    "paid": State.SOLD,
    "shipped": State.SOLD,
    "delivered": State.SOLD,
    "rejected": State.RELEASED,
    "cancelled": State.RELEASED,
    "expired": State.RELEASED,
    "refunded": State.RELEASED,
}


class StockMissingError(RuntimeError):
    """An order was promised units that are not there: no rule covers that, so a person must look at it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What concerns the catalog of an order at one of its versions."""

    id: UUID
    version: int
    status: str
    lines: Lines

    @property
    def asks(self) -> bool:
        """Whether order_service waits for an answer to this version."""
        return self.status == "pending"


@dataclass(slots=True)
class Reservation:
    order_id: UUID
    order_version: int = 0
    """0: no version of the order has been followed yet."""
    state: State = State.RELEASED
    lines: Lines = field(default_factory=dict)
    shortages: tuple[Shortage, ...] = ()

    def is_older_than(self, order: Order) -> bool:
        return self.order_version < order.version

    def touches(self, order: Order) -> frozenset[UUID]:
        """The products whose stock must be known, and must not change meanwhile, to follow the order."""
        state, lines = demanded(order)
        return frozenset({*self.lines, *lines}) if self._movements(state, lines) else frozenset()

    def follow(self, order: Order, shelf: Shelf) -> list[Movement]:
        """What moved on the shelf. An order that asks gets all of its lines or none, and no more than is for sale."""
        state, lines = demanded(order)
        movements = self._movements(state, lines)
        missing = shelf.shortages(movements, lines, for_sale_only=order.asks)
        if missing:
            if not order.asks:
                raise StockMissingError(f"Order {order.id} is {order.status}, but its stock is not there: {missing}")
            state, lines = State.SHORT, NOTHING
            movements = self._movements(state, lines)
        self.order_version, self.state, self.lines, self.shortages = order.version, state, lines, missing
        shelf.move(movements)
        return movements

    def answer(self) -> Answer:
        if self.shortages:
            return StockShort(self.order_id, self.order_version, self.shortages)
        return StockHeld(self.order_id, self.order_version)

    def _movements(self, state: State, lines: Lines) -> list[Movement]:
        return difference(
            kept=(_if(self.state is State.HELD, self.lines), _if(state is State.HELD, lines)),
            gone=(_if(self.state is State.SOLD, self.lines), _if(state is State.SOLD, lines)),
        )


def newest(orders: Iterable[Order]) -> list[Order]:
    """Each order once, at the newest of its versions here; who was heard of first comes first."""
    found: dict[UUID, Order] = {}
    for order in orders:
        known = found.get(order.id)
        if known is None or known.version < order.version:
            found[order.id] = order
    return list(found.values())


def demanded(order: Order) -> tuple[State, Lines]:
    state = DEMANDS[order.status]
    return state, NOTHING if state is State.RELEASED else order.lines


def _if(condition: bool, lines: Lines) -> Lines:
    return lines if condition else NOTHING
