from dataclasses import replace
from decimal import Decimal

import pytest

from libs.errors import InvalidValue
from libs.process.ids import new_id
from order_service.domain.cart import Cart
from order_service.domain.products import MAX_LINES, MAX_QUANTITY, Product
from order_service.exceptions import (
    CartEmpty,
    CartFull,
    CartLineFull,
    CartLineNotFound,
    CurrencyMismatch,
    ProductUnavailable,
)
from order_service.tests.things import a_product


def a_cart(*lines: tuple[Product, int]) -> Cart:
    cart = Cart(new_id())
    for product, quantity in lines:
        cart.add(product, quantity)
    return cart


def after_news(cart: Cart, product: Product, now: Product | None) -> Cart:
    """The cart as it is read when the product has become something else, or is gone."""
    lines = dict(cart.lines)
    lines[product.id] = replace(lines[product.id], product=now)
    return replace(cart, lines=lines)


def test_a_cart_that_nobody_has_touched() -> None:
    cart = a_cart()
    assert (cart.version, cart.lines, cart.total, cart.currency) == (0, {}, Decimal(0), None)


def test_a_product_grows_its_line() -> None:
    lamp, bulb = a_product("Lamp", "19.99"), a_product("Bulb", "0.10")
    cart = a_cart((lamp, 1), (bulb, 7), (lamp, 2))
    assert [(line.name, line.quantity, line.total) for line in cart.lines.values()] == [
        ("Lamp", 3, Decimal("59.97")),
        ("Bulb", 7, Decimal("0.70")),
    ]
    assert (cart.version, cart.total, cart.currency) == (3, Decimal("60.67"), "EUR")


def test_a_line_takes_999() -> None:
    lamp = a_product()
    cart = a_cart((lamp, MAX_QUANTITY - 1), (lamp, 1))
    with pytest.raises(CartLineFull, match="999"):
        cart.add(lamp, 1)
    assert (cart.lines[lamp.id].quantity, cart.version) == (MAX_QUANTITY, 2)


@pytest.mark.parametrize("quantity", [0, -1, MAX_QUANTITY + 1])
def test_a_quantity_is_1_to_999(quantity: int) -> None:
    lamp = a_product()
    cart = a_cart((lamp, 1))
    with pytest.raises(InvalidValue):
        cart.change(lamp.id, quantity)
    with pytest.raises((InvalidValue, CartLineFull)):
        a_cart((a_product(), quantity))
    assert (cart.lines[lamp.id].quantity, cart.version) == (1, 1)


def test_a_cart_takes_100_products() -> None:
    products = [a_product() for _ in range(MAX_LINES)]
    cart = a_cart(*((product, 1) for product in products))
    with pytest.raises(CartFull):
        cart.add(a_product(), 1)
    cart.add(products[0], 1)
    cart.remove(products[1].id)
    cart.add(a_product(), 1)
    assert len(cart.lines) == MAX_LINES


def test_what_is_not_on_sale_does_not_come_in() -> None:
    lamp = a_product()
    cart = a_cart((lamp, 1))
    with pytest.raises(ProductUnavailable, match=str(lamp.id)):
        cart.add(replace(lamp, is_active=False), 1)
    assert cart.lines[lamp.id].quantity == 1


def test_a_cart_is_in_one_currency() -> None:
    euros, dollars = a_product(currency="EUR"), a_product("Bulb", currency="USD")
    cart = a_cart((euros, 1))
    with pytest.raises(CurrencyMismatch, match=r"Bulb is priced in USD, the cart in EUR"):
        cart.add(dollars, 1)
    cart = after_news(cart, euros, None)
    cart.add(dollars, 1)
    assert cart.currency == "USD"


def test_a_quantity_is_changed() -> None:
    lamp = a_product("Lamp", "19.99")
    cart = a_cart((lamp, 5))
    assert cart.change(lamp.id, 2)
    assert (cart.lines[lamp.id].quantity, cart.version, cart.total) == (2, 2, Decimal("39.98"))
    assert not cart.change(lamp.id, 2)
    assert cart.version == 2


def test_lines_are_taken_out() -> None:
    lamp, bulb = a_product(), a_product()
    cart = a_cart((lamp, 1), (bulb, 1))
    cart.remove(lamp.id)
    assert (list(cart.lines), cart.version) == ([bulb.id], 3)
    assert cart.empty()
    assert (cart.lines, cart.version) == ({}, 4)
    assert not cart.empty()
    assert cart.version == 4


def test_a_line_that_is_not_there() -> None:
    cart = a_cart((a_product(), 1))
    with pytest.raises(CartLineNotFound):
        cart.change(new_id(), 1)
    with pytest.raises(CartLineNotFound):
        cart.remove(new_id())
    assert cart.version == 1


def test_what_is_not_on_sale_any_more_stays_and_does_not_count() -> None:
    lamp, bulb, gone = a_product("Lamp", "19.99"), a_product("Bulb", "0.10"), a_product("Rug", "5.00")
    cart = after_news(a_cart((lamp, 1), (bulb, 7), (gone, 2)), lamp, replace(lamp, is_active=False))
    cart = after_news(cart, gone, None)
    assert [(line.name, line.is_available, line.unit_price) for line in cart.lines.values()] == [
        ("Lamp", False, Decimal("19.99")),
        ("Bulb", True, Decimal("0.10")),
        ("Rug", False, None),
    ]
    assert (cart.total, cart.currency) == (Decimal("0.70"), "EUR")
    with pytest.raises(ProductUnavailable) as refused:
        cart.check_out()
    assert str(lamp.id) in refused.value.detail
    assert "Rug" in refused.value.detail
    assert "Bulb" not in refused.value.detail
    assert (len(cart.lines), cart.version) == (3, 3)


def test_what_the_catalog_prices_in_two_currencies_has_no_total() -> None:
    lamp, bulb = a_product(), a_product()
    cart = after_news(a_cart((lamp, 1), (bulb, 1)), lamp, replace(lamp, currency="USD"))
    assert (cart.total, cart.currency) == (None, None)
    with pytest.raises(CurrencyMismatch):
        cart.check_out()
    assert len(cart.lines) == 2


def test_checking_out_empties_it_at_present_prices() -> None:
    lamp, bulb = a_product("Lamp", "19.99"), a_product("Bulb", "0.10")
    cart = after_news(a_cart((lamp, 1), (bulb, 7)), lamp, replace(lamp, name="New lamp", price=Decimal("5.00")))
    offer = cart.check_out()
    assert [(line.name, line.quantity) for line in offer.lines] == [("New lamp", 1), ("Bulb", 7)]
    assert (offer.total, offer.currency) == (Decimal("5.70"), "EUR")
    assert (cart.lines, cart.version) == ({}, 3)
    with pytest.raises(CartEmpty):
        cart.check_out()
