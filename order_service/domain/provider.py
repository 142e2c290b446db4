"""What the shop needs of whoever moves the money, as a contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from order_service.domain.payment import Captured, Declined, Outcome, Payment


class OutcomeUnknownError(Exception):
    """The provider was asked and no answer came: it may have charged or not."""


class PaymentProvider(Protocol):
    """Knows a payment by its id, and does everything once for one id.

    Each call raises `OutcomeUnknownError` where no answer came, and `PaymentProviderUnavailable` where the provider
    certainly did nothing.
    """

    async def charge(self, payment: Payment) -> Captured | Declined: ...

    async def look_up(self, payment: Payment) -> Outcome | None:
        """What has become of it. None: nothing was ever charged or declined, so it may be charged, or given up."""

    async def refund(self, payment: Payment) -> None:
        """All of a payment that was captured. Again changes nothing."""


@dataclass(frozen=True, slots=True)
class ProviderCallback:
    """Something that the provider wants looked at. What it says is never believed: the provider is asked."""

    id: str
    payment_id: UUID | None
    """None: it is not about a payment of this shop."""


class CallbackVerifier(Protocol):
    def read(self, body: bytes, headers: Mapping[str, str]) -> ProviderCallback:
        """Raises `InvalidSignature`."""
