"""What Stripe says of a charge whose outcome is not known. No answer is never taken for no charge."""

from datetime import timedelta

import pytest

from order_service.domain.payment import Captured, Declined, NotCharged, Outcome, Refunded
from order_service.domain.provider import OutcomeUnknownError
from order_service.exceptions import PaymentProviderUnavailable
from order_service.gateways.stripe_provider import StripeProvider
from order_service.tests.integration.stripe.payments import (
    AUTHENTICATION,
    BEGIN,
    BEGUN,
    FORMS,
    INTENT,
    RETRIEVE,
    SEARCH,
    SUCCEEDED,
    a_payment,
)
from order_service.tests.integration.stripe.stripe_api import Fault, StripeApi

pytestmark = FORMS

OUTCOMES: list[tuple[str, Outcome | None]] = [
    ("intent_begun", None),
    ("intent_succeeded", Captured(INTENT)),
    ("intent_partly_refunded", Captured(INTENT)),
    ("intent_refunded", Refunded(INTENT)),
    ("intent_declined", Declined("Your card has insufficient funds")),
    ("intent_canceled", NotCharged()),
]


@pytest.mark.parametrize(("answer", "outcome"), OUTCOMES)
async def test_looking_up(api: StripeApi, provider: StripeProvider, answer: str, outcome: Outcome | None) -> None:
    """Beginning it again tells which one it is, as it was then; only asking for that tells how it is now."""
    api.will(BEGUN, (200, answer))
    payment = a_payment()
    assert await provider.look_up(payment) == outcome
    assert [(asked.what, asked.key) for asked in api.asked] == [(BEGIN, str(payment.id)), (RETRIEVE, None)]
    assert api.asked[1].fields == {"expand[0]": "latest_charge"}


@pytest.mark.parametrize(("answer", "outcome"), OUTCOMES)
async def test_looking_up_what_stripe_has_named(
    api: StripeApi, provider: StripeProvider, answer: str, outcome: Outcome | None
) -> None:
    api.will((200, answer))
    assert await provider.look_up(a_payment(reference=INTENT, age=timedelta(days=30))) == outcome
    assert [asked.what for asked in api.asked] == [RETRIEVE]


async def test_looking_up_after_stripe_has_forgotten_the_key(api: StripeApi, provider: StripeProvider) -> None:
    """Beginning it again would make a second one, which says nothing of the first."""
    api.will((200, "search_found"), SUCCEEDED)
    payment = a_payment(age=timedelta(hours=24))
    assert await provider.look_up(payment) == Captured(INTENT)
    assert [asked.what for asked in api.asked] == [SEARCH, RETRIEVE]
    assert api.asked[0].fields == {"query": f"metadata['payment_id']:'{payment.id}'"}


async def test_looking_up_what_never_was(api: StripeApi, provider: StripeProvider) -> None:
    api.will((200, "search_empty"))
    assert await provider.look_up(a_payment(age=timedelta(hours=24))) is None


async def test_looking_up_what_the_bank_asks_the_customer_for(api: StripeApi, provider: StripeProvider) -> None:
    api.will(BEGUN, (200, "intent_requires_action"), (200, "intent_canceled"))
    assert await provider.look_up(a_payment()) == Declined(AUTHENTICATION)


async def test_looking_up_what_is_not_decided(api: StripeApi, provider: StripeProvider) -> None:
    api.will(BEGUN, (200, "intent_processing"))
    with pytest.raises(OutcomeUnknownError):
        await provider.look_up(a_payment())


@pytest.mark.parametrize("age", [timedelta(), timedelta(hours=24)])
@pytest.mark.parametrize(
    "answer", [(500, "error_internal"), (429, "error_rate_limit"), (404, "error_no_such_intent"), *Fault]
)
async def test_looking_up_without_an_answer(
    api: StripeApi, provider: StripeProvider, answer: tuple[int, str] | Fault, age: timedelta
) -> None:
    """Never None: that would say that nothing was charged."""
    api.will(BEGUN if not age else (200, "search_found"), answer)
    with pytest.raises(PaymentProviderUnavailable):
        await provider.look_up(a_payment(age=age))
