"""A payment of an order, and what its provider may say of it.

Once recorded it is carried through: whoever finds it unsettled asks the provider under the payment's own id, for which
the provider charges once, however often and by whomever it is asked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from libs.backoff import Backoff

RETRY_CHARGE_WINDOW = timedelta(minutes=10)
"""For how long a payment that the provider has never heard of is still charged. Nobody expects it later than that."""

FIRST_POLL = timedelta(seconds=15)
"""A request that charges is done within this, so nobody asks before."""

POLL_BACKOFF = Backoff(first=1, longest=300)
"""A provider that is away is left in peace."""


class PaymentStatus(StrEnum):
    STARTED = "started"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    FAILED = "failed"
    """Nothing was charged, by nobody's decision: the provider was away."""
    REFUNDING = "refunding"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Captured:
    reference: str
    """What the provider calls it."""


@dataclass(frozen=True, slots=True)
class Declined:
    reason: str


@dataclass(frozen=True, slots=True)
class NotCharged:
    """It never came to a charge."""


@dataclass(frozen=True, slots=True)
class Refunded:
    reference: str


Outcome = Captured | Declined | NotCharged | Refunded


@dataclass(slots=True)
class Payment:
    id: UUID
    order_id: UUID
    method: str
    token: str | None
    """What stands for the customer's card at the provider; forgotten as soon as the outcome is known."""
    amount: Decimal
    currency: str
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    """When the provider is asked next, where its answer is missing."""
    status: PaymentStatus = PaymentStatus.STARTED
    provider_reference: str | None = None
    reason: str | None = None
    attempts: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it may still charge: meanwhile nothing else may happen to its order."""
        return self.status is PaymentStatus.STARTED

    def is_worth_charging(self, now: datetime) -> bool:
        return now - self.created_at < RETRY_CHARGE_WINDOW

    def succeed(self, reference: str, now: datetime) -> None:
        self._end(PaymentStatus.SUCCEEDED, now)
        self.provider_reference = reference

    def decline(self, reason: str, now: datetime) -> None:
        self._end(PaymentStatus.DECLINED, now)
        self.reason = reason

    def fail(self, now: datetime) -> None:
        self._end(PaymentStatus.FAILED, now)

    def start_refund(self, reference: str, now: datetime) -> None:
        """From now on somebody asks the provider for the refund until it is done."""
        self._end(PaymentStatus.REFUNDING, now)
        self.provider_reference, self.due_at, self.attempts = reference, now, 0

    def complete_refund(self, reference: str, now: datetime) -> None:
        self._end(PaymentStatus.REFUNDED, now)
        self.provider_reference = reference

    def _end(self, status: PaymentStatus, now: datetime) -> None:
        self.status, self.updated_at, self.token, self.due_at = status, now, None, None
