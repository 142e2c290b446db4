from decimal import Decimal

import pytest

from order_service.gateways.stripe_amounts import smallest_units


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("39.98", "EUR", 3998),
        ("0.29", "USD", 29),
        ("1.10", "GBP", 110),
        ("7", "EUR", 700),
        ("999999999999.99", "EUR", 99999999999999),
        ("500.00", "JPY", 500),
        ("500", "KRW", 500),
        ("5.00", "ISK", 500),
        ("5.00", "UGX", 500),
        ("5.12", "KWD", 5120),
    ],
)
def test_an_amount_is_exact(amount: str, currency: str, units: int) -> None:
    assert smallest_units(Decimal(amount), currency) == units


@pytest.mark.parametrize(
    ("amount", "currency"), [("0.50", "JPY"), ("0.50", "ISK"), ("5.125", "EUR"), ("5.125", "KWD"), ("0.001", "JPY")]
)
def test_what_the_currency_does_not_have_is_not_rounded(amount: str, currency: str) -> None:
    assert smallest_units(Decimal(amount), currency) is None
