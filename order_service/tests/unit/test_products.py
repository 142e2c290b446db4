from decimal import Decimal

import pytest

from libs.errors import InvalidValue
from libs.process.ids import new_id
from order_service.domain.products import MAX_LINES, price_items
from order_service.exceptions import CurrencyMismatch, ProductNotFound, ProductUnavailable
from order_service.tests.things import a_product


def test_lines_have_the_products_names_and_prices_in_the_order_given() -> None:
    lamp, bulb = a_product("Lamp", "19.99"), a_product("Bulb", "0.10")
    offer = price_items({bulb.id: 7, lamp.id: 999}, {lamp.id: lamp, bulb.id: bulb})
    assert [(line.name, line.unit_price, line.quantity, line.total) for line in offer.lines] == [
        ("Bulb", Decimal("0.10"), 7, Decimal("0.70")),
        ("Lamp", Decimal("19.99"), 999, Decimal("19970.01")),
    ]
    assert (offer.total, offer.currency) == (Decimal("19970.71"), "EUR")


def test_products_that_are_unknown_or_gone_are_named() -> None:
    lamp, gone, unknown = a_product(), new_id(), new_id()
    with pytest.raises(ProductNotFound) as refusal:
        price_items({lamp.id: 1, gone: 1, unknown: 1}, {lamp.id: lamp, gone: None})
    assert str(gone) in refusal.value.detail
    assert str(unknown) in refusal.value.detail
    assert str(lamp.id) not in refusal.value.detail


def test_what_is_not_on_sale_is_refused() -> None:
    lamp = a_product(is_active=False)
    with pytest.raises(ProductUnavailable, match=str(lamp.id)):
        price_items({lamp.id: 1}, {lamp.id: lamp})


def test_one_order_is_in_one_currency() -> None:
    lamp, bulb = a_product(currency="USD"), a_product(currency="EUR")
    with pytest.raises(CurrencyMismatch, match="EUR and USD"):
        price_items({lamp.id: 1, bulb.id: 1}, {lamp.id: lamp, bulb.id: bulb})


@pytest.mark.parametrize("quantity", [0, -1, 1000])
def test_a_quantity_is_1_to_999(quantity: int) -> None:
    lamp = a_product()
    with pytest.raises(InvalidValue):
        price_items({lamp.id: quantity}, {lamp.id: lamp})


def test_an_order_has_1_to_100_lines() -> None:
    products = [a_product() for _ in range(MAX_LINES + 1)]
    known = {product.id: product for product in products}
    with pytest.raises(InvalidValue):
        price_items({}, known)
    with pytest.raises(InvalidValue):
        price_items(dict.fromkeys(known, 1), known)
