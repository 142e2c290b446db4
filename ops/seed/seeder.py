"""Fills a running shop through its HTTP API. Whatever is there already stays as it is, so it may run again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from ops.seed.catalog import Category, Product, categories, products
from ops.seed.client import Shop
from ops.seed.orders import orders_of

Thing = TypeVar("Thing")
Tick = Callable[[str], None]

CUSTOMERS = 20
# Enough to keep both sides busy, few enough not to be a load test.
AT_ONCE = 8
CUSTOMER_PASSWORD = "demo-customer"  # noqa: S105 - everybody may know it: these people are invented.


def total() -> int:
    """How many times `tick` is called."""
    return len(categories()) + len(products()) + CUSTOMERS


async def seed(shop: Shop, admin_login: str, admin_password: str, tick: Tick) -> None:
    """Calls `tick` with the kind of each thing that is in place."""
    admin = await shop.login(admin_login, admin_password)
    ids: dict[str, str] = {}
    for category in categories():  # One after the other: a child needs its parent's id.
        ids[category.slug] = await _category(shop, admin, category, ids)
        tick("category")

    async def one_product(product: Product) -> None:
        await _product(shop, admin, product, ids[product.category_slug])
        tick("product")

    await _few_at_once(products(), one_product)
    on_sale = (await shop.get(f"{shop.catalog}/products", in_stock="true", limit=100)).json()["items"]

    async def one_customer(number: int) -> None:
        await _customer(shop, number, admin, on_sale)
        tick("customer")

    await _few_at_once(range(CUSTOMERS), one_customer)


async def _category(shop: Shop, admin: str, category: Category, ids: dict[str, str]) -> str:
    found = await shop.get(f"{shop.catalog}/category/{category.slug}")
    if found.status_code == HTTPStatus.NOT_FOUND:
        parent = ids[category.parent_slug] if category.parent_slug else None
        body = {"name": category.name, "slug": category.slug, "parent_id": parent}
        found = await shop.post(f"{shop.catalog}/category", body, admin)
        if found.status_code == HTTPStatus.CONFLICT:
            return await _namesake(shop, category, parent)
    identity: str = found.json()["id"]
    return identity


async def _namesake(shop: Shop, category: Category, parent_id: str | None) -> str:
    """Somebody else has made it there, under another slug."""
    everything = (await shop.get(f"{shop.catalog}/categories")).json()["items"]
    wanted = (category.name, parent_id)
    return next(str(each["id"]) for each in everything if (each["name"], each["parent_id"]) == wanted)


async def _product(shop: Shop, admin: str, product: Product, category_id: str) -> None:
    body = {
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "price": str(product.price),
        "category_id": category_id,
        "attributes": product.attributes,
        "stock": product.stock,
    }
    await shop.post(f"{shop.catalog}/product", body, admin)


async def _customer(shop: Shop, number: int, admin: str, on_sale: Sequence[dict[str, Any]]) -> None:
    name = f"customer{number + 1:02}"
    account = {"email": f"{name}@example.com", "username": name, "password": CUSTOMER_PASSWORD}
    await shop.post(f"{shop.auth}/auth/register", account)
    token = await shop.login(name, CUSTOMER_PASSWORD)
    await orders_of(shop, number, token, admin, on_sale)


async def _few_at_once(things: Sequence[Thing], put: Callable[[Thing], Awaitable[None]]) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def in_turn(thing: Thing) -> None:
        async with places:
            await put(thing)

    async with asyncio.TaskGroup() as tasks:
        for thing in things:
            tasks.create_task(in_turn(thing))
