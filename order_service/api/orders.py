"""One order: placed, read, changed, cancelled, deleted."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from libs.http.app import API
from libs.http.etag import ExpectedVersions, SetETag
from libs.http.openapi import error_responses
from libs.idempotency.route import Idempotent, IdempotentRoute
from libs.tokens.principal import Forbidden
from order_service.api.dependencies import ActorDep, OrderQueriesDep, PlaceOrderDep, ProductPricingDep, UowDep
from order_service.exceptions import (
    CartEmpty,
    CatalogUnavailable,
    CurrencyMismatch,
    IllegalTransition,
    OrderInProgress,
    OrderNotFound,
    PaymentInProgress,
    ProductNotFound,
    ProductUnavailable,
)
from order_service.schemas.orders import OrderResponse, order_response
from order_service.schemas.requests import OrderCreate, OrderUpdate
from order_service.services import manage_order

router = APIRouter(tags=["orders"], route_class=IdempotentRoute)


@router.post(
    "/order",
    summary="Place an order",
    description="Of the items given, or, without `items`, of the cart, which is emptied: all of it or nothing.",
    status_code=201,
    response_model=OrderResponse,
    responses=error_responses(ProductNotFound, ProductUnavailable, CurrencyMismatch, CartEmpty, CatalogUnavailable),
)
async def place_order(
    body: OrderCreate,
    customer: ActorDep,
    orders: PlaceOrderDep,
    once: Idempotent,
    response: Response,
    etag: SetETag,
) -> dict[str, Any]:
    order = await orders.place(customer, body.wanted, body.details, await once.claim())
    response.headers["Location"] = f"{API}/order/{order.id}"
    etag(order.version)
    return order_response(order)


@router.get(
    "/order/{order_id}",
    summary="Read an order",
    response_model=OrderResponse,
    responses=error_responses(OrderNotFound),
)
async def read_order(order_id: UUID, viewer: ActorDep, reads: OrderQueriesDep, etag: SetETag) -> dict[str, Any]:
    row = await reads.one(order_id, viewer)
    etag(row["version"])
    return row


@router.put(
    "/update_order/{order_id}",
    summary="Update an order",
    description=(
        "Before payment its owner changes items, which are reserved anew, address and comment; "
        "an admin marks it as shipped and delivered."
    ),
    response_model=OrderResponse,
    responses=error_responses(
        Forbidden,
        OrderNotFound,
        IllegalTransition,
        PaymentInProgress,
        ProductNotFound,
        ProductUnavailable,
        CurrencyMismatch,
        CatalogUnavailable,
    ),
)
async def update_order(
    order_id: UUID,
    body: OrderUpdate,
    actor: ActorDep,
    uow: UowDep,
    prices: ProductPricingDep,
    expected: ExpectedVersions,
    etag: SetETag,
) -> dict[str, Any]:
    order = await manage_order.update(
        uow,
        prices,
        actor,
        order_id,
        items=body.wanted,
        details=body.details,
        status=body.status,
        expected=expected,
    )
    etag(order.version)
    return order_response(order)


@router.post(
    "/order/{order_id}/cancel",
    summary="Cancel an order that is not shipped",
    description="A paid order is refunded. Cancelling it again changes nothing.",
    response_model=OrderResponse,
    responses=error_responses(OrderNotFound, IllegalTransition, PaymentInProgress),
)
async def cancel_order(order_id: UUID, actor: ActorDep, uow: UowDep, etag: SetETag) -> dict[str, Any]:
    order = await manage_order.cancel(uow, actor, order_id)
    etag(order.version)
    return order_response(order)


@router.delete(
    "/delete_order/{order_id}",
    summary="Delete an order",
    description="An open order is cancelled first. Afterwards only admins see it, with `deleted_at`.",
    status_code=204,
    responses=error_responses(OrderNotFound, OrderInProgress, PaymentInProgress),
)
async def delete_order(order_id: UUID, actor: ActorDep, uow: UowDep, expected: ExpectedVersions) -> None:
    await manage_order.delete(uow, actor, order_id, expected)
