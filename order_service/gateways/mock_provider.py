"""An invented payment provider with a book of its own, which survives crashes and charges once for one payment.

The token says what shall happen: `tok_ok`, `tok_declined`, `tok_slow` (answers after 5 s), `tok_unknown` (charges, but
no answer comes), `tok_error` (is away). Any other is a card that it does not know.
"""

import asyncio
from datetime import UTC, datetime

from sqlalchemy import DateTime, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from libs.database.database import Database
from libs.process.ids import new_id
from order_service.domain.payment import Captured, Declined, Outcome, Payment, Refunded
from order_service.domain.provider import OutcomeUnknownError
from order_service.exceptions import PaymentProviderUnavailable
from order_service.models.payments import mock_provider_charges as charges

SLOW = 5.0
DECLINES = {"tok_ok": None, "tok_slow": None, "tok_unknown": None, "tok_declined": "insufficient funds"}

FIND = select(charges).where(charges.c.payment_id == bindparam("payment_id", type_=Uuid))
WRITE = insert(charges).on_conflict_do_nothing()
REFUND = (
    update(charges)
    .where(charges.c.payment_id == bindparam("refunded", type_=Uuid), charges.c.declined_because.is_(None))
    .values(refunded_at=func.coalesce(charges.c.refunded_at, bindparam("now", type_=DateTime(timezone=True))))
)


class MockProvider:
    """Its statements commit by themselves, never with a use case."""

    def __init__(self, transactions: Database) -> None:
        self._transactions = transactions

    async def charge(self, payment: Payment) -> Captured | Declined:
        if payment.token == "tok_error":  # noqa: S105 - not a secret.
            raise PaymentProviderUnavailable("The payment provider is away; nothing was charged.")
        if payment.token == "tok_slow":  # noqa: S105 - the same.
            await asyncio.sleep(SLOW)
        outcome: Outcome | None = await self._write(payment)
        if outcome is None:
            outcome = await self.look_up(payment)
        elif payment.token == "tok_unknown":  # noqa: S105 - the same.
            raise OutcomeUnknownError("The provider took too long.")
        if isinstance(outcome, Captured | Declined):
            return outcome
        raise OutcomeUnknownError(f"The provider says of a charge: {outcome}.")

    async def look_up(self, payment: Payment) -> Outcome | None:
        row = await self._transactions.fetch_one(FIND, {"payment_id": payment.id})
        if row is None:
            return None
        if row.declined_because is not None:
            return Declined(row.declined_because)
        return Captured(row.reference) if row.refunded_at is None else Refunded(row.reference)

    async def refund(self, payment: Payment) -> None:
        refunded = await self._transactions.execute(REFUND, {"refunded": payment.id, "now": datetime.now(UTC)})
        if refunded.rowcount == 0:
            raise OutcomeUnknownError("The provider has captured nothing that it could give back.")

    async def _write(self, payment: Payment) -> Captured | Declined | None:
        """None if it was written before."""
        reference = f"mock_{new_id().hex}"
        reason = DECLINES.get(payment.token or "", "unknown card")
        row = {
            "payment_id": payment.id,
            "reference": reference,
            "amount": payment.amount,
            "currency": payment.currency,
            "declined_because": reason,
            "created_at": datetime.now(UTC),
        }
        written = await self._transactions.execute(WRITE, row)
        if written.rowcount == 0:
            return None
        return Captured(reference) if reason is None else Declined(reason)
