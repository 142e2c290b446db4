"""Stripe's answers, and what they make of a payment. What is sent matters as much: a wrong key would charge twice."""

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import httpx
import pytest

from order_service.domain.payment import Captured, Declined, NotCharged, Outcome, Payment, Refunded
from order_service.domain.provider import OutcomeUnknownError
from order_service.exceptions import PaymentProviderUnavailable
from order_service.gateways.stripe_client import new_client
from order_service.gateways.stripe_provider import StripeProvider
from order_service.tests.integration.stripe_api import Fault, StripeApi

# The library hands its form to httpx in a way that httpx would like to see changed.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

INTENT = "pi_3QShopTestPayment0000001"
BEGIN, CONFIRM = "POST /v1/payment_intents", f"POST /v1/payment_intents/{INTENT}/confirm"
RETRIEVE, CANCEL = f"GET /v1/payment_intents/{INTENT}", f"POST /v1/payment_intents/{INTENT}/cancel"
SEARCH, REFUND = "GET /v1/payment_intents/search", "POST /v1/refunds"
BEGUN, SUCCEEDED = (200, "intent_begun"), (200, "intent_succeeded")
AUTHENTICATION = "Your bank wants you to authorise this payment, which cannot be done here; please use another card"


@pytest.fixture
async def api() -> AsyncIterator[StripeApi]:
    api = StripeApi()
    async with api.serving():
        yield api
    assert not api.answers, "It was asked less than expected."


@pytest.fixture
def provider(api: StripeApi, request: pytest.FixtureRequest) -> StripeProvider:
    """Impatient only where it will be kept waiting, because the machine may be slow."""
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    return a_provider(api.url, 1.5 if Fault.SILENCE in parameters.values() else 30.0)


def a_provider(url: str, patience: float = 30.0) -> StripeProvider:
    return StripeProvider(new_client("sk_test_shop", url, httpx.Timeout(patience)))


def a_payment(
    amount: str = "39.98",
    currency: str = "EUR",
    *,
    age: timedelta = timedelta(),
    reference: str | None = None,
    attempts: int = 0,
) -> Payment:
    now = datetime.now(UTC)
    return Payment(
        id=UUID("0199f3a6-2a31-7b0c-8d77-5b1f9a0c3e42"),
        order_id=UUID("0199f3a6-1111-7b0c-8d77-5b1f9a0c3e42"),
        method="card",
        token="pm_card_visa",
        amount=Decimal(amount),
        currency=currency,
        created_at=now - age,
        updated_at=now,
        due_at=now,
        provider_reference=reference,
        attempts=attempts,
    )


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
