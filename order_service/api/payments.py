"""Paying an order, and what the payment provider has to say."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from libs.errors import InvalidValue
from libs.http.app import API
from libs.http.openapi import error_responses
from libs.idempotency.route import Idempotent, IdempotentRoute
from libs.tokens.principal import Forbidden
from order_service.api.dependencies import ActorDep, CallbackVerifierDep, PaymentReconcilerDep, PayOrderDep
from order_service.exceptions import (
    InvalidSignature,
    OrderNotFound,
    OrderNotPayable,
    PaymentDeclined,
    PaymentInProgress,
    PaymentProviderUnavailable,
)
from order_service.schemas.payments import PaymentCreate, PaymentResponse, payment_response

# The signature is of the bytes as they came, so they are read by whoever checks it, and only described here.
MESSAGE: dict[str, Any] = {
    "parameters": [
        {
            "name": "Shop-Signature",
            "in": "header",
            "description": (
                'Of the invented provider: `t=<Unix seconds>,v1=<HMAC-SHA256 of "t.body" in hex>`. '
                "Stripe's is `Stripe-Signature`."
            ),
            "schema": {"type": "string"},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {"id": "message-1", "payment_id": "0199f3a6-2a31-7b0c-8d77-5b1f9a0c3e42"},
            }
        },
    },
}

router = APIRouter(tags=["payments"], route_class=IdempotentRoute)


@router.post(
    "/order/{order_id}/payment",
    summary="Pay an order",
    description=(
        "Charges at most once. 202: the provider did not answer in time; it is asked again, "
        "and meanwhile nothing else can happen to the order."
    ),
    status_code=201,
    response_model=PaymentResponse,
    responses={
        202: {"model": PaymentResponse, "description": "The outcome is not known yet."},
        **error_responses(
            Forbidden,
            OrderNotFound,
            OrderNotPayable,
            PaymentInProgress,
            PaymentDeclined,
            PaymentProviderUnavailable,
        ),
    },
)
async def pay_order(
    order_id: UUID,
    body: PaymentCreate,
    customer: ActorDep,
    payments: PayOrderDep,
    once: Idempotent,
    response: Response,
) -> dict[str, Any]:
    payment = await payments.pay(customer, order_id, await once.claim(), body.method, body.token)
    response.headers["Location"] = f"{API}/order/{order_id}"
    if payment.is_open:
        response.status_code = 202
    return payment_response(payment)


@router.post(
    "/payments/webhook",
    summary="Payment provider callback",
    description=(
        "Signed by the provider. What it says is not believed: the provider is asked. Repeating it is harmless."
    ),
    status_code=204,
    responses=error_responses(InvalidSignature, InvalidValue, PaymentProviderUnavailable),
    openapi_extra=MESSAGE,
)
async def payment_callback(request: Request, messages: CallbackVerifierDep, settlements: PaymentReconcilerDep) -> None:
    await settlements.handle_callback(messages.read(await request.body(), request.headers))
