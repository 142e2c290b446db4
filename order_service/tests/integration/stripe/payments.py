"""A payment, and what Stripe is asked about it and answers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import httpx
import pytest

from order_service.domain.payment import Payment
from order_service.gateways.stripe_client import new_client
from order_service.gateways.stripe_provider import StripeProvider

# The library hands its form to httpx in a way that httpx would like to see changed.
FORMS = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

INTENT = "pi_3QShopTestPayment0000001"
BEGIN, CONFIRM = "POST /v1/payment_intents", f"POST /v1/payment_intents/{INTENT}/confirm"
RETRIEVE, CANCEL = f"GET /v1/payment_intents/{INTENT}", f"POST /v1/payment_intents/{INTENT}/cancel"
SEARCH, REFUND = "GET /v1/payment_intents/search", "POST /v1/refunds"
BEGUN, SUCCEEDED = (200, "intent_begun"), (200, "intent_succeeded")
AUTHENTICATION = "Your bank wants you to authorise this payment, which cannot be done here; please use another card"


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
