"""Stripe's answers to a charge. What is sent matters as much: a wrong key would charge twice."""

import socket

import pytest

from order_service.domain.payment import Captured, Declined
from order_service.domain.provider import OutcomeUnknownError
from order_service.exceptions import PaymentProviderUnavailable
from order_service.gateways.stripe_provider import StripeProvider
from order_service.tests.integration.stripe.payments import (
    AUTHENTICATION,
    BEGIN,
    BEGUN,
    CANCEL,
    CONFIRM,
    FORMS,
    INTENT,
    SUCCEEDED,
    a_payment,
    a_provider,
)
from order_service.tests.integration.stripe.stripe_api import Fault, StripeApi

pytestmark = FORMS


async def test_a_charge_is_begun_and_confirmed(api: StripeApi, provider: StripeProvider) -> None:
    api.will(BEGUN, SUCCEEDED)
    payment = a_payment()
    assert await provider.charge(payment) == Captured(INTENT)
    begin, confirm = api.asked
    assert (begin.what, begin.key) == (BEGIN, str(payment.id))
    assert begin.fields == {
        "amount": "3998",
        "currency": "eur",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
        "capture_method": "automatic",
        "metadata[payment_id]": str(payment.id),
        "metadata[order_id]": str(payment.order_id),
    }
    assert (confirm.what, confirm.key) == (CONFIRM, f"{payment.id}-confirm")
    assert confirm.fields == {"payment_method": "pm_card_visa", "expand[0]": "latest_charge"}
    for asked in api.asked:
        assert asked.headers["authorization"] == "Bearer sk_test_shop"
        assert "platform" not in asked.headers["x-stripe-client-user-agent"]


async def test_charging_again_sends_the_same(api: StripeApi) -> None:
    """So Stripe answers as it did the first time: whatever is asked, and by which process, charges once."""
    for _ in range(2):
        api.will(BEGUN, SUCCEEDED)
        assert await a_provider(api.url).charge(a_payment()) == Captured(INTENT)
    sent = [(asked.what, asked.key, asked.fields) for asked in api.asked]
    assert sent[:2] == sent[2:]


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (402, "error_card_declined", "Your card has insufficient funds"),
        (402, "error_authentication_required", AUTHENTICATION),
        (400, "error_no_such_card", "This card cannot be used for this payment"),
        (400, "error_card_used_before", "This card cannot be used for this payment"),
    ],
)
async def test_a_card_that_is_refused(
    api: StripeApi, provider: StripeProvider, status: int, answer: str, reason: str
) -> None:
    api.will(BEGUN, (status, answer))
    assert await provider.charge(a_payment()) == Declined(reason)


async def test_a_bank_that_asks_the_customer_is_a_decline(api: StripeApi, provider: StripeProvider) -> None:
    """And final: nobody can authorise afterwards what the shop has told its customer was declined."""
    api.will(BEGUN, (200, "intent_requires_action"), (200, "intent_canceled"))
    assert await provider.charge(a_payment()) == Declined(AUTHENTICATION)
    assert api.asked[-1].what == CANCEL


@pytest.mark.parametrize(
    "answer", [(500, "error_internal"), (400, "error_unexpected_state"), Fault.RESET, Fault.SILENCE]
)
async def test_a_bank_that_asks_the_customer_and_no_answer(
    api: StripeApi, provider: StripeProvider, answer: tuple[int, str] | Fault
) -> None:
    api.will(BEGUN, (200, "intent_requires_action"), answer)
    with pytest.raises(OutcomeUnknownError):
        await provider.charge(a_payment())


@pytest.mark.parametrize(
    "answer",
    [
        (500, "error_internal"),
        (409, "error_key_in_use"),
        (400, "error_key_in_use"),
        (400, "error_key_of_another_request"),
        (400, "error_unexpected_state"),
        (429, "error_rate_limit"),
        (429, "error_lock_timeout"),
        (401, "error_invalid_key"),
        (200, "intent_processing"),
        (200, "intent_refunded"),
        *Fault,
    ],
)
async def test_without_a_clear_answer_to_the_confirmation_the_outcome_is_unknown(
    api: StripeApi, provider: StripeProvider, answer: tuple[int, str] | Fault
) -> None:
    api.will(BEGUN, answer)
    with pytest.raises(OutcomeUnknownError):
        await provider.charge(a_payment())


@pytest.mark.parametrize(
    "answer",
    [
        (500, "error_internal"),
        (409, "error_key_in_use"),
        (400, "error_key_in_use"),
        (400, "error_key_of_another_request"),
        (429, "error_rate_limit"),
        (401, "error_invalid_key"),
        *Fault,
    ],
)
async def test_what_cannot_be_begun_is_certainly_not_charged(
    api: StripeApi, provider: StripeProvider, answer: tuple[int, str] | Fault
) -> None:
    api.will(answer)
    with pytest.raises(PaymentProviderUnavailable):
        await provider.charge(a_payment())
    assert [asked.what for asked in api.asked] == [BEGIN]


async def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        url = f"http://127.0.0.1:{closed_soon.getsockname()[1]}"
    for ask in (a_provider(url).charge, a_provider(url).look_up):
        with pytest.raises(PaymentProviderUnavailable):
            await ask(a_payment())
    with pytest.raises(OutcomeUnknownError):
        await a_provider(url).refund(a_payment(reference=INTENT))


async def test_an_amount_that_stripe_does_not_take(api: StripeApi, provider: StripeProvider) -> None:
    api.will((400, "error_amount_too_small"))
    assert await provider.charge(a_payment("0.10")) == Declined("0.10 EUR cannot be paid by card")


async def test_an_amount_that_the_currency_does_not_have(api: StripeApi, provider: StripeProvider) -> None:
    payment = a_payment("19.99", "JPY")
    assert await provider.charge(payment) == Declined("19.99 JPY cannot be paid by card")
    assert await provider.look_up(payment) is None
    assert api.asked == []


async def test_an_amount_without_decimals(api: StripeApi, provider: StripeProvider) -> None:
    api.will(BEGUN, SUCCEEDED)
    await provider.charge(a_payment("500.00", "JPY"))
    assert (api.asked[0].fields["amount"], api.asked[0].fields["currency"]) == ("500", "jpy")
