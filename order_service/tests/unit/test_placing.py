from collections.abc import Collection, Sequence
from uuid import UUID

import pytest

from libs.process.ids import new_id
from order_service.domain.actor import Actor
from order_service.domain.events import OrderPlaced
from order_service.domain.products import Product
from order_service.domain.status import Status
from order_service.domain.tombstone import Tombstone
from order_service.exceptions import CartEmpty, CatalogUnavailable, OrderExists, ProductNotFound, ProductUnavailable
from order_service.services import manage_cart
from order_service.services.place_order import PlaceOrder
from order_service.services.product_pricing import ProductPricing
from order_service.tests.things import NOW, PlacementIn, a_customer, a_product
from order_service.tests.unit.fakes import FakeCatalog, FakeUnitOfWork


@pytest.fixture
def work() -> FakeUnitOfWork:
    return FakeUnitOfWork()


@pytest.fixture
def catalog(work: FakeUnitOfWork) -> FakeCatalog:
    return FakeCatalog(work)


@pytest.fixture
def placing(work: FakeUnitOfWork, catalog: FakeCatalog) -> PlaceOrder:
    return PlaceOrder(work, ProductPricing(work.products, work.products, catalog), PlacementIn(work))


async def fill(placing: PlaceOrder, work: FakeUnitOfWork, customer: Actor, product: Product, quantity: int) -> None:
    await work.products.apply([product], NOW)
    await manage_cart.add(work, placing.pricing, customer.user_id, product.id, quantity)


async def test_an_order_is_stored_and_announced(
    placing: PlaceOrder, work: FakeUnitOfWork, catalog: FakeCatalog
) -> None:
    lamp = a_product()
    await work.products.apply([lamp], NOW)
    order = await placing.place(a_customer(), {lamp.id: 2}, {"comment": "Ring twice."})
    assert work.orders.stored[order.id].status is Status.PENDING
    assert work.facts == [OrderPlaced(order)]
    assert catalog.asked == []


async def test_a_product_nobody_has_heard_of_is_asked_of_the_catalog_once(
    placing: PlaceOrder, work: FakeUnitOfWork, catalog: FakeCatalog
) -> None:
    lamp, bulb = a_product("Lamp"), a_product("Bulb")
    await work.products.apply([bulb], NOW)
    catalog.products[lamp.id] = lamp
    for _ in range(2):
        order = await placing.place(a_customer(), {lamp.id: 1, bulb.id: 1}, {})
        assert [line.name for line in order.lines] == ["Lamp", "Bulb"]
    assert catalog.asked == [{lamp.id}]


async def test_what_the_replica_heard_meanwhile_wins(work: FakeUnitOfWork) -> None:
    lamp = a_product("Lamp", version=3)

    class Slow(FakeCatalog):
        async def fetch(self, product_ids: Collection[UUID]) -> Sequence[Product]:
            await work.products.apply([a_product("Newer lamp", product_id=lamp.id, version=4)], NOW)
            return await super().fetch(product_ids)

    slow = Slow(work, {lamp.id: lamp})
    placing = PlaceOrder(work, ProductPricing(work.products, work.products, slow), PlacementIn(work))
    order = await placing.place(a_customer(), {lamp.id: 1}, {})
    assert order.lines[0].name == "Newer lamp"


async def test_a_product_that_is_gone_is_not_asked_for(
    placing: PlaceOrder, work: FakeUnitOfWork, catalog: FakeCatalog
) -> None:
    lamp = a_product()
    await work.products.apply([lamp], NOW)
    await work.products.apply([Tombstone(lamp.id, 2)], NOW)
    with pytest.raises(ProductNotFound):
        await placing.place(a_customer(), {lamp.id: 1}, {})
    assert catalog.asked == []


async def test_what_the_catalog_does_not_have_makes_no_order(
    placing: PlaceOrder, work: FakeUnitOfWork, catalog: FakeCatalog
) -> None:
    lamp, unknown = a_product(), new_id()
    catalog.products[lamp.id] = lamp
    with pytest.raises(ProductNotFound, match=str(unknown)):
        await placing.place(a_customer(), {lamp.id: 1, unknown: 1}, {})
    assert (work.orders.stored, work.facts) == ({}, [])


async def test_while_the_catalog_is_away_only_known_products_can_be_ordered(
    placing: PlaceOrder, work: FakeUnitOfWork, catalog: FakeCatalog
) -> None:
    catalog.is_away = True
    lamp = a_product()
    with pytest.raises(CatalogUnavailable):
        await placing.place(a_customer(), {lamp.id: 1}, {})
    assert work.orders.stored == {}
    await work.products.apply([lamp], NOW)
    await placing.place(a_customer(), {lamp.id: 1}, {})
    assert len(work.orders.stored) == 1


async def test_without_items_the_cart_is_ordered_and_emptied(placing: PlaceOrder, work: FakeUnitOfWork) -> None:
    customer, lamp = a_customer(), a_product("Lamp")
    await fill(placing, work, customer, lamp, 3)
    order = await placing.place(customer, None, {"comment": "Ring twice."})
    assert [(line.name, line.quantity) for line in order.lines] == [("Lamp", 3)]
    assert work.facts == [OrderPlaced(order)]
    cart = await work.carts.of(customer.user_id)
    assert (cart.lines, cart.version) == ({}, 2)
    with pytest.raises(CartEmpty):
        await placing.place(customer, None, {})


async def test_with_items_the_cart_stays(placing: PlaceOrder, work: FakeUnitOfWork) -> None:
    customer, lamp, bulb = a_customer(), a_product("Lamp"), a_product("Bulb")
    await fill(placing, work, customer, lamp, 3)
    await work.products.apply([bulb], NOW)
    order = await placing.place(customer, {bulb.id: 1}, {})
    assert [line.name for line in order.lines] == ["Bulb"]
    assert list((await work.carts.of(customer.user_id)).lines) == [lamp.id]


async def test_a_cart_with_a_product_that_is_gone_is_not_ordered(placing: PlaceOrder, work: FakeUnitOfWork) -> None:
    customer, lamp, bulb = a_customer(), a_product("Lamp"), a_product("Bulb")
    await fill(placing, work, customer, lamp, 3)
    await fill(placing, work, customer, bulb, 1)
    await work.products.apply([Tombstone(lamp.id, 2)], NOW)
    with pytest.raises(ProductUnavailable, match="Lamp"):
        await placing.place(customer, None, {})
    assert (work.orders.stored, len((await work.carts.of(customer.user_id)).lines)) == ({}, 2)


async def test_with_one_id_there_is_one_order(placing: PlaceOrder, work: FakeUnitOfWork, catalog: FakeCatalog) -> None:
    customer, lamp, order_id = a_customer(), a_product("Lamp"), new_id()
    await fill(placing, work, customer, lamp, 3)
    order = await placing.place(customer, None, {}, order_id)
    assert order.id == order_id

    again = await placing.place(customer, None, {}, order_id)
    await fill(placing, work, customer, lamp, 1)
    and_again = await placing.place(customer, None, {"comment": "x"}, order_id)
    await work.products.apply([Tombstone(lamp.id, 2)], NOW)
    catalog.is_away = True
    with_other_items = await placing.place(customer, {lamp.id: 1, new_id(): 1}, {}, order_id)
    for found in (again, and_again, with_other_items):
        assert (found.id, found.lines, found.comment) == (order_id, order.lines, None)
    assert work.facts == [OrderPlaced(order)]
    assert (await work.carts.of(customer.user_id)).lines[lamp.id].quantity == 1


async def test_the_id_of_anothers_order_gives_nothing_away(placing: PlaceOrder, work: FakeUnitOfWork) -> None:
    lamp, order_id, stranger = a_product(), new_id(), a_customer()
    await work.products.apply([lamp], NOW)
    await placing.place(a_customer(), {lamp.id: 1}, {}, order_id)
    with pytest.raises(OrderExists):
        await placing.place(stranger, {lamp.id: 1}, {}, order_id)
    with pytest.raises(CartEmpty):
        await placing.place(stranger, None, {}, order_id)
    assert len(work.facts) == 1
