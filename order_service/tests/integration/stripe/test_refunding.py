"""A refund is done, or is asked for again."""

import pytest

from order_service.domain.provider import OutcomeUnknownError
from order_service.gateways.stripe_provider import StripeProvider
from order_service.tests.integration.stripe.payments import FORMS, INTENT, REFUND, a_payment
from order_service.tests.integration.stripe.stripe_api import Fault, StripeApi

pytestmark = FORMS


@pytest.mark.parametrize(
    "answer",
    [
        (200, "refund_succeeded"),
        (200, "refund_pending"),
        (400, "error_already_refunded"),
        (402, "error_already_refunded"),
    ],
)
async def test_a_refund(api: StripeApi, provider: StripeProvider, answer: tuple[int, str]) -> None:
    api.will(answer)
    payment = a_payment(reference=INTENT, attempts=2)
    await provider.refund(payment)
    [asked] = api.asked
    assert (asked.what, asked.key) == (REFUND, f"{payment.id}-refund-2")
    assert asked.fields == {"payment_intent": INTENT}


@pytest.mark.parametrize(
    "answer",
    [
        (200, "refund_failed"),
        (404, "error_no_such_intent"),
        (409, "error_key_in_use"),
        (429, "error_lock_timeout"),
        (500, "error_internal"),
        *Fault,
    ],
)
async def test_a_refund_that_is_not_done(
    api: StripeApi, provider: StripeProvider, answer: tuple[int, str] | Fault
) -> None:
    api.will(answer)
    with pytest.raises(OutcomeUnknownError):
        await provider.refund(a_payment(reference=INTENT))
