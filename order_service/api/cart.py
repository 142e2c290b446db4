"""The cart of whoever asks."""

import hashlib
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from libs.http.app import API
from libs.http.etag import ExpectedVersions, SetETag
from libs.http.fast.compiled_route import CompiledRoute
from libs.http.openapi import error_responses
from order_service.api.dependencies import ActorDep, CartQueriesDep, ProductPricingDep, UowDep
from order_service.domain.cart import Cart
from order_service.exceptions import (
    CartFull,
    CartLineFull,
    CartLineNotFound,
    CatalogUnavailable,
    CurrencyMismatch,
    ProductNotFound,
    ProductUnavailable,
)
from order_service.schemas.cart import CartItemCreate, CartItemUpdate, CartResponse, cart_response
from order_service.services import manage_cart

router = APIRouter(tags=["cart"], route_class=CompiledRoute)


@router.get("/cart", summary="Read the cart", response_model=CartResponse, responses=error_responses())
async def read_cart(customer: ActorDep, reads: CartQueriesDep, etag: SetETag) -> dict[str, Any]:
    return _answer(await reads.of(customer.user_id), etag)


@router.post(
    "/cart/items",
    summary="Add a product to the cart",
    description="A product that is there already grows its line. Answers with the whole cart.",
    status_code=201,
    response_model=CartResponse,
    responses=error_responses(
        ProductNotFound, ProductUnavailable, CurrencyMismatch, CartFull, CartLineFull, CatalogUnavailable
    ),
)
async def add_to_cart(
    body: CartItemCreate, customer: ActorDep, uow: UowDep, prices: ProductPricingDep, response: Response, etag: SetETag
) -> dict[str, Any]:
    cart = await manage_cart.add(uow, prices, customer.user_id, body.product_id, body.quantity)
    response.headers["Location"] = f"{API}/cart"
    return _answer(cart, etag)


@router.patch(
    "/cart/items/{product_id}",
    summary="Set the quantity of a cart item",
    description="Answers with the whole cart.",
    response_model=CartResponse,
    responses=error_responses(CartLineNotFound),
)
async def change_quantity(
    product_id: UUID,
    body: CartItemUpdate,
    customer: ActorDep,
    uow: UowDep,
    expected: ExpectedVersions,
    etag: SetETag,
) -> dict[str, Any]:
    return _answer(await manage_cart.change(uow, customer.user_id, product_id, body.quantity, expected), etag)


@router.delete(
    "/cart/items/{product_id}",
    summary="Remove a cart item",
    status_code=204,
    responses=error_responses(CartLineNotFound),
)
async def remove_from_cart(product_id: UUID, customer: ActorDep, uow: UowDep, expected: ExpectedVersions) -> None:
    await manage_cart.remove(uow, customer.user_id, product_id, expected)


@router.delete("/cart", summary="Empty the cart", status_code=204, responses=error_responses())
async def empty_cart(customer: ActorDep, uow: UowDep, expected: ExpectedVersions) -> None:
    await manage_cart.empty(uow, customer.user_id, expected)


def _answer(cart: Cart, etag: SetETag) -> dict[str, Any]:
    # Names, prices and what is on sale change without the cart's version.
    shown = repr(cart.lines).encode()
    etag(cart.version, hashlib.blake2s(shown, digest_size=8).hexdigest() if cart.lines else None)
    return cart_response(cart)
