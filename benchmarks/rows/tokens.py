"""GET with a token, against the same without: of verifying one, and of asking whether its user may still come in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from benchmarks import data
from benchmarks.comparison import RATE, Claim, Comparison, Row
from benchmarks.fixtures import Fixtures
from benchmarks.load import get
from benchmarks.measuring import again_and_again, requests_to
from benchmarks.rows.customers import Customers

ORDERS: Final = 500


@asynccontextmanager
async def with_and_without(ground: Fixtures) -> AsyncIterator[Comparison]:
    async with Customers.known() as customers:
        environment = customers.environment(await ground.orders())
        owners = [(f"/api/v1/order/{data.order_id(order)}", data.owner_of(order)) for order in range(1, ORDERS + 1)]
        believed = [get(path, {"Authorization": f"Bearer {owner}"}) for path, owner in owners]
        verified = [get(path, customers.authorization(owner)) for path, owner in owners]
        sides = (("benchmarks.limits.tokens", environment), ("order_service.main", environment))
        async with ground.running_all(*sides) as (limit, shop):
            yield Comparison(
                limit=requests_to(limit, again_and_again(believed)), shop=requests_to(shop, again_and_again(verified))
            )


ROWS = (Row("token", "GET an order with a token", [Claim(RATE, 0.9, 0.97)], with_and_without, "the same without"),)
