"""Paying: recorded first, then charged, then settled, so that a crash between any two steps loses nothing."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from libs.process.failpoints import failpoint
from libs.tokens.principal import Forbidden
from order_service.domain.actor import Actor
from order_service.domain.payment import NotCharged, Outcome, Payment, PaymentStatus
from order_service.domain.payment_outcome import begin_payment
from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.provider import OutcomeUnknownError, PaymentProvider
from order_service.exceptions import PaymentDeclined, PaymentProviderUnavailable
from order_service.services.reconcile_payments import settle
from order_service.services.save_order import get_order_for, save_and_record

CHARGE_TIMEOUT = 10.0
"""Seconds that a customer waits for the provider."""


@dataclass(frozen=True, slots=True)
class PayOrder:
    uow: UnitOfWorkFactory
    provider: PaymentProvider

    async def pay(self, customer: Actor, order_id: UUID, payment_id: UUID, method: str, token: str) -> Payment:
        """Charges once for one `payment_id`, however often it is called.

        A payment that is still open on return is settled by a timer. Raises `PaymentDeclined`,
        `PaymentProviderUnavailable` where nothing was charged, and what `begin_payment` refuses.
        """
        async with self.uow() as work:
            order = await get_order_for(work, customer, order_id)
            if order.user_id != customer.user_id:
                raise Forbidden("Only its owner pays for an order.")
            # Of an order that was never paid for, no payment can be repeated.
            payment = order.payment and await work.payments.find(payment_id)
            if payment is not None:
                return _result(payment)
            payment = begin_payment(order, customer, payment_id, method, token, datetime.now(UTC))
            await save_and_record(work, order, None)
            await work.payments.add(payment)
        failpoint("payment.recorded")
        outcome = await self._charge(payment)
        if outcome is None:
            return payment
        failpoint("payment.charged")
        return _result(await settle(self.uow, payment, outcome))

    async def _charge(self, payment: Payment) -> Outcome | None:
        try:
            async with asyncio.timeout(CHARGE_TIMEOUT):
                return await self.provider.charge(payment)
        except PaymentProviderUnavailable:
            return NotCharged()
        except (OutcomeUnknownError, TimeoutError):
            return None


def _result(payment: Payment) -> Payment:
    if payment.status is PaymentStatus.DECLINED:
        raise PaymentDeclined(f"{payment.reason}. The order can still be paid.")
    if payment.status is PaymentStatus.FAILED:
        raise PaymentProviderUnavailable("The payment provider is away; nothing was charged.")
    return payment
