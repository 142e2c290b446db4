"""Payments and refunds whose outcome nobody knows yet are asked for until it is known."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog

from libs.errors import Unavailable
from libs.jobs import Done, Later, run_due
from libs.process.failpoints import failpoint
from order_service.domain.payment import NotCharged, Outcome, Payment, PaymentStatus, Refunded
from order_service.domain.payment_outcome import apply_outcome
from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.provider import OutcomeUnknownError, PaymentProvider, ProviderCallback
from order_service.exceptions import OrderBusy, PaymentProviderUnavailable
from order_service.services.save_order import save_and_record

log = structlog.stdlib.get_logger(__name__)


async def settle(uow: UnitOfWorkFactory, recorded: Payment, outcome: Outcome) -> Payment:
    """Stores an outcome, whoever learnt it and however often. The order's lock decides between two who did."""
    async with uow() as work:
        order = await work.orders.for_change(recorded.order_id)
        if order is None:
            raise LookupError(f"Payment {recorded.id} has lost its order.")
        # As it is now that its order is locked, which may be waited for.
        payment = order.payment
        if payment is None or payment.id != recorded.id:
            payment = await work.payments.find(recorded.id)
        if payment is None:
            raise LookupError(f"There is no payment {recorded.id}.")
        await save_and_record(work, order, apply_outcome(order, payment, outcome, datetime.now(UTC)))
        await work.payments.save(payment)
    return payment


@dataclass(frozen=True, slots=True)
class PaymentReconciler:
    uow: UnitOfWorkFactory
    provider: PaymentProvider

    async def reconcile_due(self) -> None:
        """For a timer. A provider that does not answer is asked again, after delays that grow.

        So it is for an order that another transaction has locked. A question may be broken off and asked again.
        """
        await run_due(self._claim, self._try_to_reconcile, _log_unsettled, grace=0)

    async def handle_callback(self, message: ProviderCallback) -> None:
        """The provider says that something happened. It may say so late, twice and in any order, so it is asked.

        Raises `Unavailable` where it does not answer, and then has to say it again.
        """
        async with self.uow() as work:
            seen = await work.seen_messages.has(message.id)
        if seen:
            return
        if message.payment_id is not None:
            try:
                await self.reconcile(message.payment_id)
            except OutcomeUnknownError as error:
                raise Unavailable("The payment provider did not answer; send the message again.") from error
        async with self.uow() as work:
            await work.seen_messages.add(message.id, datetime.now(UTC))

    async def reconcile(self, payment_id: UUID) -> None:
        """Has the provider do what is still to be done, and settles what it says. Unknown payments are not ours."""
        async with self.uow() as work:
            payment = await work.payments.find(payment_id)
        if payment is None:
            return
        outcome = await self._outcome(payment)
        failpoint("settlement.asked")
        if outcome is not None:
            await settle(self.uow, payment, outcome)

    async def _claim(self) -> UUID | None:
        async with self.uow() as work:
            return await work.payments.claim(datetime.now(UTC))

    async def _try_to_reconcile(self, payment_id: UUID) -> Done | Later:
        try:
            await self.reconcile(payment_id)
        except (OutcomeUnknownError, PaymentProviderUnavailable, OrderBusy) as error:
            return Later(repr(error))
        return Done()

    async def _outcome(self, payment: Payment) -> Outcome | None:
        if payment.status is PaymentStatus.REFUNDING:
            await self.provider.refund(payment)
            return Refunded(payment.provider_reference or "")
        found = await self.provider.look_up(payment)
        if found is not None or not payment.is_open:
            return found
        if payment.is_worth_charging(datetime.now(UTC)):
            return await self.provider.charge(payment)
        return NotCharged()


async def _log_unsettled(payment_id: UUID, outcome: Done | Later) -> None:
    """The rest is done: the claim has deferred the payment, and its outcome is stored with its order."""
    if isinstance(outcome, Later):
        log.warning("payment_unsettled", payment_id=str(payment_id), error=outcome.reason)
