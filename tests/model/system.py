"""The shop as the model drives and judges it, whatever it is made of."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from order_service.domain.provider import PaymentProvider
from tests.model.messages import Message


@dataclass(frozen=True, slots=True)
class OrderSeen:
    status: str
    version: int
    total: Decimal
    lines: Mapping[UUID, int]
    steps: tuple[tuple[int, str | None, str], ...]
    """Of its history: version, from, to."""


@dataclass(frozen=True, slots=True)
class ChargeSeen:
    order_id: UUID
    amount: Decimal
    is_refunded: bool
    payment_status: str


@dataclass(frozen=True, slots=True)
class ReservationSeen:
    state: str
    lines: Mapping[UUID, int]


class System(Protocol):
    @property
    def provider(self) -> PaymentProvider: ...

    def orders(self) -> AbstractAsyncContextManager[Any]:
        """A transaction of order_service."""

    def catalog(self) -> AbstractAsyncContextManager[Any]:
        """One of catalog_service."""

    async def put_on_shelf(self, stock: Mapping[UUID, int]) -> None: ...

    async def told(self) -> Sequence[Message]:
        """What the services have told since it was asked last, in their order."""

    async def make_time_pass(self) -> None:
        """Every hold is over, every answer late, and every open payment is to be asked for."""

    async def make_payments_old(self) -> None:
        """So that nobody expects them any more."""

    async def stock(self) -> Mapping[UUID, tuple[int, int]]:
        """On hand and reserved."""

    async def reservations(self) -> Mapping[UUID, ReservationSeen]: ...

    async def all_orders(self) -> Mapping[UUID, OrderSeen]: ...

    async def captures(self) -> Sequence[ChargeSeen]:
        """All that the provider has ever captured."""

    async def payments(self) -> Sequence[str]:
        """The statuses of all, also of those that never came to the provider."""
