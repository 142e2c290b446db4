"""One order: placed, read, changed, cancelled, deleted."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from libs.http.app import API
from libs.http.etag import ExpectedVersions, SetETag
from libs.http.openapi import error_responses
from libs.idempotency.route import Idempotent, IdempotentRoute
from libs.tokens.principal import Forbidden
from order_service.api.dependencies import CurrentActor, PlacingOrders, Prices, Reads, Uow
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
from order_service.schemas.orders import OrderOut, show
from order_service.schemas.requests import OrderPlacing, OrderUpdate
from order_service.services import changing

router = APIRouter(tags=["orders"], route_class=IdempotentRoute)


@router.post(
    "/order",
    summary="Place an order",
    description="Of the items given, or, without `items`, of the cart, which is emptied: all of it or nothing.",
    status_code=201,
    response_model=OrderOut,
    responses=error_responses(ProductNotFound, ProductUnavailable, CurrencyMismatch, CartEmpty, CatalogUnavailable),
)
async def place_order(
    body: OrderPlacing,
    customer: CurrentActor,
    orders: PlacingOrders,
    once: Idempotent,
    response: Response,
    etag: SetETag,
) -> dict[str, Any]:
    order = await orders.place(customer, body.wanted, body.details, await once.claim())
    response.headers["Location"] = f"{API}/order/{order.id}"
    etag(order.version)
    return show(order)


@router.get(
    "/order/{order_id}",
    summary="Read an order",
    response_model=OrderOut,
    responses=error_responses(OrderNotFound),
)
async def read_order(order_id: UUID, viewer: CurrentActor, reads: Reads, etag: SetETag) -> dict[str, Any]:
    row = await reads.one(order_id, viewer)
    etag(row["version"])
    return row


@router.put(
    "/update_order/{order_id}",
    summary="Change an order",
    description=(
        "Before payment its owner changes items, which are reserved anew, address and comment; "
        "an admin marks it as shipped and delivered."
    ),
    response_model=OrderOut,
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
    actor: CurrentActor,
    uow: Uow,
    prices: Prices,
    expected: ExpectedVersions,
    etag: SetETag,
) -> dict[str, Any]:
    order = await changing.update(
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
    return show(order)


@router.post(
    "/order/{order_id}/cancel",
    summary="Cancel an order that is not shipped",
    description="A paid order is refunded. Cancelling it again changes nothing.",
    response_model=OrderOut,
    responses=error_responses(OrderNotFound, IllegalTransition, PaymentInProgress),
)
async def cancel_order(order_id: UUID, actor: CurrentActor, uow: Uow, etag: SetETag) -> dict[str, Any]:
    order = await changing.cancel(uow, actor, order_id)
    etag(order.version)
    return show(order)


@router.delete(
    "/delete_order/{order_id}",
    summary="Delete an order",
    description="An open order is cancelled first. Afterwards only admins see it, with `deleted_at`.",
    status_code=204,
    responses=error_responses(OrderNotFound, OrderInProgress, PaymentInProgress),
)
async def delete_order(order_id: UUID, actor: CurrentActor, uow: Uow, expected: ExpectedVersions) -> None:
    await changing.delete(uow, actor, order_id, expected)
