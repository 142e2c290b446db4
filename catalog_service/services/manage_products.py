"""Making, changing and deleting products."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.product import Product, ProductFields
from catalog_service.domain.slugs import slug_of
from catalog_service.domain.stock import Admin, Stock
from catalog_service.services.slugs import add_with_slug
from libs.errors import expect_version
from libs.process.ids import new_id


async def create_product(
    uow: UnitOfWorkFactory, fields: ProductFields, on_hand: int, currency: str, admin: Admin
) -> tuple[Product, Stock]:
    now = datetime.now(UTC)
    slug = fields.get("slug") or slug_of(fields["name"], "product")
    product, created = Product.create(new_id(), fields, slug=slug, currency=currency, now=now)
    stock = Stock(product.id, on_hand)
    async with uow() as work:
        await add_with_slug(work.products, product, chosen="slug" in fields)
        await work.stocks.add(stock)
        if on_hand:
            await work.stocks.add_ledger_entry(stock.opening(admin, now))
        work.record(created)
    return product, stock


async def change_product(
    uow: UnitOfWorkFactory, product_id: UUID, fields: ProductFields, expected: Collection[int] | None
) -> tuple[Product, Stock]:
    async with uow() as work:
        product = await work.products.for_change(product_id)
        expect_version(product.version, expected)
        changed = product.change(fields, datetime.now(UTC))
        if changed is not None:
            await work.products.save(product)
            work.record(changed)
        stock = await work.stocks.get(product_id)
    return product, stock


async def delete_product(uow: UnitOfWorkFactory, product_id: UUID, expected: Collection[int] | None) -> None:
    async with uow() as work:
        product = await work.products.for_change(product_id)
        expect_version(product.version, expected)
        deleted = product.delete(datetime.now(UTC))
        await work.products.mark_deleted(product)
        work.record(deleted)
