"""Payments through Stripe (https://docs.stripe.com/api/payment_intents).

A payment is an intent there, which is begun first, when nothing can be charged yet, and then confirmed, which charges.
So where it cannot even be begun, it is certain that nothing was charged; and beginning it again under the same key
moves no money and tells which intent it is, whose state Stripe knows exactly. docs/architecture/payments.md has the
reasons.
"""

from datetime import UTC, datetime, timedelta

import stripe
import structlog

from order_service.domain.payment import Captured, Declined, NotCharged, Outcome, Payment, Refunded
from order_service.domain.provider import OutcomeUnknownError
from order_service.exceptions import PaymentProviderUnavailable
from order_service.gateways.stripe_amounts import smallest_units

KEY_LIVES = timedelta(hours=23)
"""Stripe repeats its first answer to a key for 24 hours; an hour is left for clocks that differ."""

BUSY = frozenset({"idempotency_key_in_use", "lock_timeout", "rate_limit", "payment_intent_unexpected_state"})
"""Codes by which Stripe refuses a request for what happens beside it, and not for what it says."""

AUTHENTICATION = "Your bank wants you to authorise this payment, which cannot be done here; please use another card"

log = structlog.stdlib.get_logger(__name__)


class StripeProvider:
    def __init__(self, client: stripe.StripeClient) -> None:
        self._intents = client.v1.payment_intents
        self._refunds = client.v1.refunds

    async def charge(self, payment: Payment) -> Captured | Declined:
        intent_id = await self._begin(payment)
        if intent_id is None:
            return Declined(f"{payment.amount} {payment.currency} cannot be paid by card")
        try:
            intent = await self._intents.confirm_async(
                intent_id,
                {"payment_method": payment.token or "", "expand": ["latest_charge"]},
                {"idempotency_key": f"{payment.id}-confirm"},
            )
            outcome = await self._outcome(intent)
        except stripe.CardError as error:
            return _declined(error.code, error.user_message)
        except stripe.InvalidRequestError as error:
            if error.code in BUSY:
                raise OutcomeUnknownError(repr(error)) from error
            log.warning("stripe_refuses_card", payment_id=str(payment.id), error=repr(error))
            return Declined("This card cannot be used for this payment")
        except stripe.StripeError as error:
            raise OutcomeUnknownError(repr(error)) from error
        if isinstance(outcome, Captured | Declined):
            return outcome
        raise OutcomeUnknownError(f"Stripe says of a charge: {intent.status}.")

    async def look_up(self, payment: Payment) -> Outcome | None:
        intent_id = payment.provider_reference or await self._find(payment)
        if intent_id is None:
            return None
        try:
            intent = await self._intents.retrieve_async(intent_id, {"expand": ["latest_charge"]})
            return await self._outcome(intent)
        except stripe.StripeError as error:
            raise _away() from error

    async def refund(self, payment: Payment) -> None:
        """Stripe itself gives back no more than there is, so each attempt has a key of its own.

        Under one key it would repeat for a day whatever went wrong the first time.
        """
        try:
            refund = await self._refunds.create_async(
                {"payment_intent": payment.provider_reference or ""},
                {"idempotency_key": f"{payment.id}-refund-{payment.attempts}"},
            )
        except stripe.StripeError as error:
            if error.code == "charge_already_refunded":
                return
            raise OutcomeUnknownError(repr(error)) from error
        if refund.status not in ("succeeded", "pending"):
            raise OutcomeUnknownError(f"Stripe says of a refund: {refund.status}.")

    async def _begin(self, payment: Payment) -> str | None:
        """Its id at Stripe, the same each time. None: Stripe takes no such amount."""
        amount = smallest_units(payment.amount, payment.currency)
        if amount is None:
            return None
        try:
            intent = await self._intents.create_async(
                {
                    "amount": amount,
                    "currency": payment.currency.lower(),
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    # At once, and not soon after: what has succeeded shall be captured.
                    "capture_method": "automatic",
                    "metadata": {"payment_id": str(payment.id), "order_id": str(payment.order_id)},
                },
                {"idempotency_key": str(payment.id)},
            )
        except stripe.StripeError as error:
            log.warning("stripe_begins_no_payment", payment_id=str(payment.id), error=repr(error))
            if isinstance(error, stripe.InvalidRequestError) and error.code not in BUSY:
                return None
            raise _away() from error
        return intent.id

    async def _find(self, payment: Payment) -> str | None:
        if datetime.now(UTC) - payment.created_at < KEY_LIVES:
            return await self._begin(payment)
        # Beginning it would make a second one. What Stripe finds may be an hour behind, and this is much older.
        try:
            found = await self._intents.search_async({"query": f"metadata['payment_id']:'{payment.id}'"})
        except stripe.StripeError as error:
            raise _away() from error
        return found.data[0].id if found.data else None

    async def _outcome(self, intent: stripe.PaymentIntent) -> Outcome | None:
        """None: it was not tried to charge it yet."""
        match intent.status:
            case "succeeded":
                charge = intent.latest_charge
                is_refunded = isinstance(charge, stripe.Charge) and charge.refunded
                return Refunded(intent.id) if is_refunded else Captured(intent.id)
            case "requires_payment_method" | "requires_confirmation":
                error = intent.last_payment_error
                return None if error is None else _declined(error.code, error.message)
            case "requires_action":
                # What the bank wants of the customer would have to happen in a browser, which has no part in this.
                await self._intents.cancel_async(intent.id)
                return Declined(AUTHENTICATION)
            case "canceled":
                return NotCharged()
        raise OutcomeUnknownError(f"Stripe says of the payment: {intent.status}.")


def _declined(code: str | None, message: str | None) -> Declined:
    """In Stripe's words, which are meant for customers, except where they ask for what cannot be done here."""
    reason = AUTHENTICATION if code == "authentication_required" else message or "The card was declined"
    return Declined(reason.rstrip("."))


def _away() -> PaymentProviderUnavailable:
    return PaymentProviderUnavailable("Stripe does not answer at the moment.")
