"""What the demo shop sells: made up from `shop.toml`, always the same."""

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from itertools import product
from typing import Any

PRODUCTS = 500
# Anything does; another number is another shop.
SEED = 2024


@dataclass(frozen=True, slots=True)
class Category:
    slug: str
    name: str
    parent_slug: str | None


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    name: str
    description: str
    price: Decimal
    category_slug: str
    attributes: dict[str, str]
    stock: int


def _entries() -> list[dict[str, Any]]:
    text = files("ops.seed").joinpath("shop.toml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["category"]
    return entries


def categories() -> list[Category]:
    """Parents before their children."""
    return [
        Category(_slug(entry["path"]), entry["name"], _slug(entry["path"].rpartition("/")[0]) or None)
        for entry in _entries()
    ]


def products() -> list[Product]:
    ranges = [entry for entry in _entries() if "noun" in entry]
    share, more = divmod(PRODUCTS, len(ranges))
    return [
        made
        for number, kind in enumerate(ranges)
        for made in _fill(kind, share + (number < more), random.Random(SEED + number))  # noqa: S311 - a demo.
    ]


def _slug(path: str) -> str:
    return path.rpartition("/")[2]


def _fill(kind: dict[str, Any], count: int, chance: random.Random) -> Iterator[Product]:
    names = [f"{brand} {line}" for brand, line in product(kind["brands"], kind["lines"])]
    low, high = kind["price"]
    for number in range(count):
        generation, model = divmod(number, len(names))
        attributes = {name: chance.choice(values) for name, values in kind["attributes"].items()}
        # Many cheap things, few dear ones, and prices that end as prices do.
        price = Decimal(round(low + (high - low) * chance.random() ** 2)) - Decimal("0.01")
        features = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in attributes.items())
        yield Product(
            sku=f"{_slug(kind['path']).upper()}-{number + 1:03}",
            name=f"{names[model]}{' ' + 'I' * (generation + 1) if generation else ''} {kind['noun']}",
            description=f"{kind['noun'].capitalize()} by {kind['brands'][model // len(kind['lines'])]}: {features}.",
            price=price,
            category_slug=_slug(kind["path"]),
            attributes=attributes,
            # One in ten is sold out, so that a filter by availability has something to hide.
            stock=0 if chance.random() < 0.1 else chance.randint(1, 200),  # noqa: PLR2004 - see above.
        )
