"""POST an order: the order, its three lines, its event, and its answer under an idempotency key."""

import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import Final
from uuid import uuid4

from benchmarks import data
from benchmarks.comparison import RATE, Claim, Comparison, Row
from benchmarks.fixtures import Fixtures
from benchmarks.load import post
from benchmarks.measuring import requests_to
from benchmarks.rows.customers import Customers

PATH: Final = "/api/v1/order"
LINES: Final = 3
BODIES: Final = 2_000


@asynccontextmanager
async def placing(ground: Fixtures) -> AsyncIterator[Comparison]:
    async with Customers.known() as customers:
        environment = customers.environment(await ground.orders())
        sides = (("benchmarks.limits.orders", environment), ("order_service.main", environment))
        async with ground.running_all(*sides) as (limit, shop):
            yield Comparison(
                limit=requests_to(limit, orders(customers, ground.products)),
                shop=requests_to(shop, orders(customers, ground.products)),
            )


def orders(customers: Customers, products: int) -> Iterator[bytes]:
    """Each under a key of its own, and without end."""
    drawn = Random(2)  # noqa: S311 - no secret, and the same each time
    buyers = [customers.authorization(number) for number in range(1, data.BUYERS + 1)]
    bodies = [wanted(drawn.sample(range(1, products + 1), LINES)) for _ in range(BODIES)]
    prefix = uuid4()
    for number in itertools.count():
        headers = {**buyers[number % data.BUYERS], "Idempotency-Key": f"{prefix}-{number}"}
        yield post(PATH, bodies[number % BODIES], headers)


def wanted(products: list[int]) -> bytes:
    items = [{"product_id": str(data.product_id(number)), "quantity": 1 + number % 3} for number in products]
    return json.dumps({"items": items, "delivery_address": "1 Quiet Lane, Oxford"}).encode()


ROWS = (Row("order", f"POST an order of {LINES} lines", [Claim(RATE, 0.5, 0.7)], placing),)
