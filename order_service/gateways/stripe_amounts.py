"""Amounts as Stripe wants them: whole numbers of a currency's smallest unit (https://docs.stripe.com/currencies)."""

from decimal import Decimal

WITHOUT_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
WHOLE_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
"""Have no smaller unit any more; Stripe has them in hundredths all the same, and takes whole ones alone."""


def smallest_units(amount: Decimal, currency: str) -> int | None:
    """None where the currency has no such amount: it is never rounded, neither way."""
    decimals = 0 if currency in WITHOUT_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    step = 100 if currency in WHOLE_IN_HUNDREDTHS else 10 if currency in THREE_DECIMALS else 1
    units = amount.scaleb(decimals)
    return int(units) if units % step == 0 else None
