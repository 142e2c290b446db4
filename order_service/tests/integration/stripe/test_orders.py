"""Orders paid through Stripe: what its answers, and the lack of them, come to for a customer."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.process.ids import new_id
from order_service.core.settings import Settings
from order_service.domain.stock_result import StockResult
from order_service.gateways.signatures import Signatures
from order_service.main import create_app
from order_service.services.apply_stock_results import apply_stock_results
from order_service.services.pay_order import PayOrder
from order_service.services.reconcile_payments import PaymentReconciler
from order_service.tests.integration.neighbours import Neighbours
from order_service.tests.integration.shop import Caller, Json, Shop, ok, refused
from order_service.tests.integration.stripe.payments import BEGUN, FORMS, SUCCEEDED, a_provider
from order_service.tests.integration.stripe.stripe_api import Fault, StripeApi, recorded
from order_service.tests.things import HOLD

pytestmark = FORMS

SECRET = "whsec_agreed"


@pytest.fixture(scope="module")
async def stripe_app(database_url: str, neighbours: Neighbours) -> AsyncIterator[FastAPI]:
    app = create_app(
        Settings(
            database_url=database_url,
            catalog_url=neighbours.url,
            jwks_url=f"{neighbours.url}/.well-known/jwks.json",
            payment_webhook_secret=SecretStr(SECRET),
            payment_provider="stripe",
            stripe_api_key=SecretStr("sk_test_shop"),
        )
    )
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def api(stripe_app: FastAPI, api: StripeApi) -> StripeApi:
    """In the place of Stripe's own servers."""
    provider = a_provider(api.url)
    stripe_app.state.paying = PayOrder(stripe_app.state.uow, provider)
    stripe_app.state.settling = PaymentReconciler(stripe_app.state.uow, provider)
    return api


@pytest.fixture
def stripe_shop(stripe_app: FastAPI, neighbours: Neighbours, engine: AsyncEngine) -> Shop:
    state = stripe_app.state
    return Shop(httpx.ASGITransport(stripe_app), neighbours, state.uow, state.pricing.replica, engine)


@pytest.fixture
def buyer(stripe_shop: Shop) -> Caller:
    return stripe_shop.caller()


async def payable(shop: Shop, buyer: Caller) -> Json:
    order = await buyer.place(await shop.product())
    await apply_stock_results(shop.uow, HOLD, StockResult(UUID(order["id"]), order["version"]))
    return order


async def pay(buyer: Caller, order: Json) -> httpx.Response:
    return await buyer.http.post(f"/order/{order['id']}/payment", json={"token": "pm_card_visa"})


async def hear(shop: Shop, name: str, event_id: str, payment: Json | None, secret: str = SECRET) -> httpx.Response:
    event: Any = json.loads(recorded(name))
    event["id"] = event_id
    event["data"]["object"]["metadata"] = {"payment_id": payment["id"]} if payment else {}
    body, at = json.dumps(event).encode(), str(int(time.time()))
    async with shop.client({"Stripe-Signature": f"t={at},v1={Signatures(secret).sign(at, body)}"}) as client:
        return await client.post("/payments/webhook", content=body)


async def test_paid_at_once(api: StripeApi, stripe_shop: Shop, buyer: Caller) -> None:
    order = await payable(stripe_shop, buyer)
    api.will(BEGUN, SUCCEEDED)
    payment = ok(await pay(buyer, order), 201)
    assert payment["provider_reference"] == "pi_3QShopTestPayment0000001"
    assert (await buyer.read(order))["status"] == "paid"
    assert api.asked[0].key == payment["id"]


async def test_declined_and_paid_with_another_card(api: StripeApi, stripe_shop: Shop, buyer: Caller) -> None:
    order = await payable(stripe_shop, buyer)
    api.will(BEGUN, (402, "error_card_declined"))
    declined = refused(await pay(buyer, order), 402, "payment_declined")
    assert declined["detail"] == "Your card has insufficient funds. The order can still be paid."
    api.will(BEGUN, SUCCEEDED)
    ok(await pay(buyer, order), 201)
    first, second = api.asked[0].key, api.asked[2].key
    assert first != second, "The second payment would get the first one's answer."


async def test_stripe_is_away(api: StripeApi, stripe_shop: Shop, buyer: Caller) -> None:
    order = await payable(stripe_shop, buyer)
    api.will((500, "error_internal"))
    refused(await pay(buyer, order), 503, "payment_provider_unavailable")
    api.will(BEGUN, SUCCEEDED)
    ok(await pay(buyer, order), 201)


async def test_no_answer_and_then_a_message(api: StripeApi, stripe_shop: Shop, buyer: Caller) -> None:
    order = await payable(stripe_shop, buyer)
    api.will(BEGUN, Fault.CUT_OFF)
    payment = ok(await pay(buyer, order), 202)
    refused(await pay(buyer, order), 409, "payment_in_progress")

    event_id = str(new_id())
    refused(await hear(stripe_shop, "event_payment_succeeded", event_id, payment, "guessed"), 401, "invalid_signature")
    api.will(BEGUN, SUCCEEDED)
    for _ in range(3):
        assert (await hear(stripe_shop, "event_payment_succeeded", event_id, payment)).status_code == 204
    assert (await buyer.read(order))["status"] == "paid"


async def test_no_answer_and_nothing_was_charged(
    api: StripeApi, stripe_app: FastAPI, stripe_shop: Shop, buyer: Caller
) -> None:
    """What got lost on the way is charged by whoever asks next, under the same keys."""
    order = await payable(stripe_shop, buyer)
    api.will(BEGUN, Fault.RESET)
    payment = ok(await pay(buyer, order), 202)
    api.will(BEGUN, (200, "intent_begun"), BEGUN, SUCCEEDED)
    await stripe_app.state.settling.reconcile(UUID(payment["id"]))
    assert (await buyer.read(order))["status"] == "paid"
    confirmations = [asked.key for asked in api.asked if asked.path.endswith("/confirm")]
    assert confirmations == [f"{payment['id']}-confirm"] * 2


async def test_while_stripe_is_asked_its_messages_wait(api: StripeApi, stripe_shop: Shop, buyer: Caller) -> None:
    order = await payable(stripe_shop, buyer)
    api.will(BEGUN, Fault.RESET)
    payment = ok(await pay(buyer, order), 202)
    event_id = str(new_id())
    api.will((500, "error_internal"))
    away = await hear(stripe_shop, "event_payment_succeeded", event_id, payment)
    refused(away, 503, "payment_provider_unavailable")
    api.will(BEGUN, SUCCEEDED)
    assert (await hear(stripe_shop, "event_payment_succeeded", event_id, payment)).status_code == 204
    assert (await buyer.read(order))["status"] == "paid"


async def test_refunded_in_stripes_dashboard(api: StripeApi, stripe_shop: Shop, buyer: Caller) -> None:
    order = await payable(stripe_shop, buyer)
    api.will(BEGUN, SUCCEEDED)
    payment = ok(await pay(buyer, order), 201)
    api.will((200, "intent_refunded"))
    assert (await hear(stripe_shop, "event_charge_refunded", str(new_id()), payment)).status_code == 204
    assert (await buyer.read(order))["status"] == "refunded"


async def test_messages_about_others(api: StripeApi, stripe_shop: Shop) -> None:
    """The account may be another shop's, too."""
    for payment in (None, {"id": str(new_id())}):
        assert (await hear(stripe_shop, "event_charge_refunded", str(new_id()), payment)).status_code == 204
    assert api.asked == []
