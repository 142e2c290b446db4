"""The shop in memory: the domain and its use cases on fakes of their ports."""

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from catalog_service.domain.events import StockRejected, StockReserved
from catalog_service.domain.stock import Stock
from catalog_service.tests.fakes import FakeUnitOfWork as FakeCatalog
from order_service.domain.payment import RETRY_CHARGE_WINDOW, Captured, Declined, Outcome, Payment, Refunded
from order_service.domain.status import Status
from order_service.repositories.event_mapping import CONTRACTS
from order_service.tests.unit.fakes import FakeUnitOfWork as FakeOrders
from tests.model.messages import Message, is_delivered, of_answer, of_order
from tests.model.system import ChargeSeen, OrderSeen, ReservationSeen


class MemoryProvider:
    def __init__(self) -> None:
        self.captured: dict[UUID, Payment] = {}
        self.refunded: set[UUID] = set()
        self.declined: set[UUID] = set()

    async def charge(self, payment: Payment) -> Captured | Declined:
        if payment.token == "tok_declined" and payment.id not in self.captured:
            self.declined.add(payment.id)
        if payment.id in self.declined:
            return Declined("insufficient funds")
        self.captured.setdefault(payment.id, copy.copy(payment))
        return Captured(str(payment.id))

    async def look_up(self, payment: Payment) -> Outcome | None:
        if payment.id in self.declined:
            return Declined("insufficient funds")
        if payment.id not in self.captured:
            return None
        return (Refunded if payment.id in self.refunded else Captured)(str(payment.id))

    async def refund(self, payment: Payment) -> None:
        assert payment.id in self.captured
        self.refunded.add(payment.id)


class _Undoable:
    """A transaction on fakes that takes everything back where it does not commit."""

    def __init__(self, fake: Any, parts: Mapping[str, Sequence[str]], copied: Callable[[Any], Any]) -> None:
        self._fake = fake
        self._copy = copied
        self._parts = parts

    async def __aenter__(self) -> Any:
        self._before = {
            (part, name): self._copy(getattr(getattr(self._fake, part), name))
            for part, names in self._parts.items()
            for name in names
        }
        self._facts = list(self._fake.facts)
        self._inner = self._fake()
        return await self._inner.__aenter__()

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._inner.__aexit__(error_type, error, traceback)
        if error_type is not None:
            for (part, name), value in self._before.items():
                setattr(getattr(self._fake, part), name, value)
            self._fake.facts[:] = self._facts


class MemorySystem:
    def __init__(self) -> None:
        self._orders = FakeOrders()
        self._catalog = FakeCatalog()
        self.provider = MemoryProvider()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def orders(self) -> _Undoable:
        # What is stored is replaced, never changed.
        parts = {"orders": ["stored", "history", "histories"], "payments": ["stored"]}
        return _Undoable(self._orders, parts, copy.copy)

    def catalog(self) -> _Undoable:
        return _Undoable(self._catalog, {"stocks": ["rows"], "reservations": ["rows"]}, _copies)

    async def put_on_shelf(self, stock: Mapping[UUID, int]) -> None:
        for product_id, on_hand in stock.items():
            await self._catalog.stocks.add(Stock(product_id, on_hand))

    async def told(self) -> Sequence[Message]:
        answers = [each for each in self._catalog.facts if isinstance(each, StockReserved | StockRejected)]
        facts = [each for each in self._orders.facts if is_delivered(CONTRACTS[type(each)].type)]
        messages: list[Message] = [*map(of_order, facts), *map(of_answer, answers)]
        self._orders.facts.clear()
        self._catalog.facts.clear()
        return messages

    async def make_time_pass(self) -> None:
        long_ago, now = datetime.min.replace(tzinfo=UTC), datetime.now(UTC)
        for order in self._orders.orders.stored.values():
            order.updated_at = long_ago
            if order.reserved_until is not None:
                order.reserved_until = now
        for payment in self._orders.payments.stored.values():
            if payment.due_at is not None:
                payment.due_at = now

    async def make_payments_old(self) -> None:
        for payment in self._orders.payments.stored.values():
            payment.created_at -= RETRY_CHARGE_WINDOW

    async def stock(self) -> Mapping[UUID, tuple[int, int]]:
        return {each.product_id: (each.on_hand, each.reserved) for each in self._catalog.stocks.rows.values()}

    async def reservations(self) -> Mapping[UUID, ReservationSeen]:
        rows = self._catalog.reservations.rows
        return {order_id: ReservationSeen(each.state.value, each.lines) for order_id, each in rows.items()}

    async def all_orders(self) -> Mapping[UUID, OrderSeen]:
        return {
            order.id: OrderSeen(
                order.status.value,
                order.version,
                order.total,
                {line.product_id: line.quantity for line in order.lines},
                self._history(order.id),
            )
            for order in self._orders.orders.stored.values()
        }

    async def captures(self) -> Sequence[ChargeSeen]:
        stored = self._orders.payments.stored
        refunded = self.provider.refunded
        return [
            ChargeSeen(each.order_id, each.amount, each.id in refunded, stored[each.id].status)
            for each in self.provider.captured.values()
        ]

    async def payments(self) -> Sequence[str]:
        return [payment.status for payment in self._orders.payments.stored.values()]

    def _history(self, order_id: UUID) -> tuple[tuple[int, str | None, str], ...]:
        changes = self._orders.orders.histories[order_id]
        return tuple((each.version, _value(each.from_status), each.to_status.value) for each in changes)


def _copies(rows: dict[UUID, object]) -> dict[UUID, object]:
    return {key: copy.copy(row) for key, row in rows.items()}


def _value(status: Status | None) -> str | None:
    return None if status is None else status.value
