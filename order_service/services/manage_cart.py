"""Filling and changing a cart."""

from collections.abc import Collection
from uuid import UUID

from libs.errors import expect_version
from order_service.domain.cart import Cart
from order_service.domain.ports import UnitOfWorkFactory
from order_service.exceptions import ProductNotFound
from order_service.services.product_pricing import ProductPricing


async def add(uow: UnitOfWorkFactory, pricing: ProductPricing, user_id: UUID, product_id: UUID, quantity: int) -> Cart:
    product = (await pricing.known([product_id])).get(product_id)
    if product is None:
        raise ProductNotFound(f"The catalog has no product {product_id}.")
    async with uow() as work:
        cart = await work.carts.for_change(user_id)
        cart.add(product, quantity)
        await work.carts.save(cart)
    return cart


async def change(
    uow: UnitOfWorkFactory, user_id: UUID, product_id: UUID, quantity: int, expected: Collection[int] | None
) -> Cart:
    async with uow() as work:
        cart = await work.carts.for_change(user_id)
        expect_version(cart.version, expected)
        if cart.change(product_id, quantity):
            await work.carts.save(cart)
    return cart


async def remove(uow: UnitOfWorkFactory, user_id: UUID, product_id: UUID, expected: Collection[int] | None) -> None:
    async with uow() as work:
        cart = await work.carts.for_change(user_id)
        expect_version(cart.version, expected)
        cart.remove(product_id)
        await work.carts.save(cart)


async def empty(uow: UnitOfWorkFactory, user_id: UUID, expected: Collection[int] | None) -> None:
    async with uow() as work:
        cart = await work.carts.for_change(user_id)
        expect_version(cart.version, expected)
        if cart.empty():
            await work.carts.save(cart)
