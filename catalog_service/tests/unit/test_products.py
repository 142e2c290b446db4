from decimal import Decimal
from uuid import UUID

import pytest

from catalog_service.domain.events import ProductChanged, ProductCreated, ProductDeleted
from catalog_service.domain.stock import MAX_ON_HAND, Admin
from catalog_service.exceptions import StockTooHigh, StockTooLow
from catalog_service.services.adjust_stock import adjust_stock
from catalog_service.services.manage_products import change_product, create_product, delete_product
from catalog_service.tests.fakes import FakeUnitOfWork

ADMIN = Admin(UUID(int=1), "ada")


async def test_each_version_is_told_of_once() -> None:
    uow = FakeUnitOfWork()
    product, stock = await create_product(uow, {"name": "Tea", "price": Decimal(3)}, 7, "EUR", ADMIN)
    assert (product.slug, product.version, stock.available) == ("tea", 1, 7)
    await change_product(uow, product.id, {"price": Decimal("3.00")}, None)
    await change_product(uow, product.id, {"price": Decimal(4), "sku": "T-1"}, [1])
    await delete_product(uow, product.id, [2])
    created, changed, deleted = uow.facts
    assert isinstance(created, ProductCreated)
    assert isinstance(changed, ProductChanged)
    assert (changed.product.price, changed.product.sku, changed.product.version) == (Decimal(4), "T-1", 2)
    assert deleted == ProductDeleted(product.id, 3)


async def test_the_ledger_begins_with_the_opening_stock() -> None:
    uow = FakeUnitOfWork()
    product, _ = await create_product(uow, {"name": "Tea", "price": Decimal(3)}, 7, "EUR", ADMIN)
    await adjust_stock(uow, product.id, -2, "broken", ADMIN)
    assert [(entry.version, entry.delta) for entry in uow.stocks.entries] == [(1, 7), (2, -2)]
    await create_product(uow, {"name": "Air", "price": Decimal(3)}, 0, "EUR", ADMIN)
    assert len(uow.stocks.entries) == 2


@pytest.mark.parametrize(("delta", "refusal"), [(-6, StockTooLow), (MAX_ON_HAND, StockTooHigh)])
async def test_stock_has_bounds(delta: int, refusal: type[Exception]) -> None:
    uow = FakeUnitOfWork()
    product, _ = await create_product(uow, {"name": "Tea", "price": Decimal(3)}, 7, "EUR", ADMIN)
    uow.stocks.rows[product.id].reserved = 2
    with pytest.raises(refusal):
        await adjust_stock(uow, product.id, delta, "counted", ADMIN)
    assert (await adjust_stock(uow, product.id, -5, "counted", ADMIN)).available == 0
