"""Demo orders, each brought to a status of its own; those left awaiting payment expire after a quarter of an hour."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ops.seed.catalog import SEED
from ops.seed.client import Shop

STREETS = ("Mill Lane", "Station Road", "Harbour Street", "Church Walk", "Linden Avenue")
TOWNS = ("10115 Berlin", "1010 Wien", "8001 Zürich", "75002 Paris", "00184 Roma")
GOALS = ("delivered", "awaiting_payment", "shipped", "paid", "cancelled", "rejected", "refunded", "delivered")
ORDERS_EACH = 3
# What brings an order nearer to its goal. Any other status is where it stays.
STEPS: Mapping[tuple[str, str], str] = {
    **{("awaiting_payment", goal): "pay" for goal in ("paid", "shipped", "delivered", "refunded")},
    ("awaiting_payment", "cancelled"): "cancel",
    ("paid", "shipped"): "shipped",
    ("paid", "delivered"): "shipped",
    ("paid", "refunded"): "cancel",
    ("shipped", "delivered"): "delivered",
}
# More than is ever in stock.
TOO_MANY = 999
PATIENCE = 30.0


async def orders_of(shop: Shop, number: int, token: str, admin: str, on_sale: Sequence[dict[str, Any]]) -> None:
    """The orders of one customer. Those of an earlier run are found by their comments and go on from where they are."""
    listed = (await shop.get(f"{shop.order}/orders", token, limit=100)).json()["items"]
    placed = {order["comment"]: order for order in listed}
    chance = random.Random(SEED + number)  # noqa: S311 - a demo.
    for place in range(ORDERS_EACH):
        goal = GOALS[(number * ORDERS_EACH + place) % len(GOALS)]
        body = _body(chance, on_sale, goal, f"Demo order {place + 1}")
        order = placed.get(body["comment"])
        if order is None:
            order = (await shop.post(f"{shop.order}/order", body, token)).json()
        await _bring(shop, order["id"], goal, token, admin)


def _body(chance: random.Random, on_sale: Sequence[dict[str, Any]], goal: str, comment: str) -> dict[str, Any]:
    return {
        "items": [
            {"product_id": product["id"], "quantity": TOO_MANY if goal == "rejected" else chance.randint(1, 3)}
            for product in chance.sample(on_sale, k=chance.randint(1, 4))
        ],
        "delivery_address": f"{chance.choice(STREETS)} {chance.randint(1, 99)}, {chance.choice(TOWNS)}",
        "comment": comment,
    }


async def _bring(shop: Shop, order_id: str, goal: str, token: str, admin: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status = (await shop.get(f"{shop.order}/order/{order_id}", token)).json()["status"]
        step = STEPS.get((status, goal))
        if step == "pay":
            await shop.post(f"{shop.order}/order/{order_id}/payment", {"method": "card", "token": "tok_ok"}, token)
        elif step == "cancel":
            await shop.post(f"{shop.order}/order/{order_id}/cancel", {}, token)
        elif step is not None:
            await shop.put(f"{shop.order}/update_order/{order_id}", {"status": step}, admin)
        elif status != "pending":
            return
        else:
            # The catalog is about to answer.
            await asyncio.sleep(0.1)
