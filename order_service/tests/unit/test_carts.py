import pytest

from libs.errors import VersionConflict
from libs.process.ids import new_id
from order_service.domain.products import Product
from order_service.domain.tombstone import Tombstone
from order_service.exceptions import CartLineNotFound, CatalogUnavailable, ProductNotFound, ProductUnavailable
from order_service.services.manage_cart import add, change, empty, remove
from order_service.services.product_pricing import ProductPricing
from order_service.tests.things import NOW, a_product
from order_service.tests.unit.fakes import FakeCatalog, FakeUnitOfWork

USER = new_id()


@pytest.fixture
def work() -> FakeUnitOfWork:
    return FakeUnitOfWork()


@pytest.fixture
def catalog(work: FakeUnitOfWork) -> FakeCatalog:
    return FakeCatalog(work)


@pytest.fixture
def pricing(work: FakeUnitOfWork, catalog: FakeCatalog) -> ProductPricing:
    return ProductPricing(work.products, work.products, catalog)


@pytest.fixture
async def lamp(work: FakeUnitOfWork) -> Product:
    lamp = a_product("Lamp")
    await work.products.apply([lamp], NOW)
    return lamp


async def test_a_product_is_put_in(work: FakeUnitOfWork, pricing: ProductPricing, lamp: Product) -> None:
    await add(work, pricing, USER, lamp.id, 2)
    cart = await add(work, pricing, USER, lamp.id, 3)
    assert (cart.version, cart.lines[lamp.id].quantity) == (2, 5)
    assert await work.carts.of(USER) == cart
    assert (await work.carts.of(new_id())).version == 0


async def test_a_product_nobody_has_heard_of_is_asked_of_the_catalog_once(
    work: FakeUnitOfWork, pricing: ProductPricing, catalog: FakeCatalog
) -> None:
    lamp = a_product("Lamp")
    catalog.products[lamp.id] = lamp
    await add(work, pricing, USER, lamp.id, 1)
    await add(work, pricing, USER, lamp.id, 1)
    assert catalog.asked == [{lamp.id}]


async def test_what_cannot_be_put_in(
    work: FakeUnitOfWork, pricing: ProductPricing, catalog: FakeCatalog, lamp: Product
) -> None:
    with pytest.raises(ProductNotFound):
        await add(work, pricing, USER, new_id(), 1)
    resting = a_product(is_active=False)
    await work.products.apply([resting], NOW)
    with pytest.raises(ProductUnavailable):
        await add(work, pricing, USER, resting.id, 1)
    await work.products.apply([Tombstone(lamp.id, 2)], NOW)
    with pytest.raises(ProductNotFound):
        await add(work, pricing, USER, lamp.id, 1)
    catalog.is_away = True
    with pytest.raises(CatalogUnavailable):
        await add(work, pricing, USER, new_id(), 1)
    assert work.carts.stored == {}


async def test_changes_are_conditional(work: FakeUnitOfWork, pricing: ProductPricing, lamp: Product) -> None:
    before = await add(work, pricing, USER, lamp.id, 1)
    for stale in ({0}, {2, 3}):
        with pytest.raises(VersionConflict):
            await change(work, USER, lamp.id, 5, stale)
        with pytest.raises(VersionConflict):
            await remove(work, USER, lamp.id, stale)
        with pytest.raises(VersionConflict):
            await empty(work, USER, stale)
    assert await work.carts.of(USER) == before
    assert (await change(work, USER, lamp.id, 5, {1})).version == 2
    await remove(work, USER, lamp.id, {2})
    assert (await work.carts.of(USER)).version == 3


async def test_what_changes_nothing_makes_no_version(
    work: FakeUnitOfWork, pricing: ProductPricing, lamp: Product
) -> None:
    await empty(work, USER, None)
    assert work.carts.stored == {}
    await add(work, pricing, USER, lamp.id, 4)
    assert (await change(work, USER, lamp.id, 4, None)).version == 1
    with pytest.raises(CartLineNotFound):
        await remove(work, USER, new_id(), None)
    await empty(work, USER, None)
    await empty(work, USER, None)
    assert ((await work.carts.of(USER)).lines, (await work.carts.of(USER)).version) == ({}, 2)
