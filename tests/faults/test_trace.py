"""The story of an order, as `./shop trace` tells it, against what was done to it."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libs.database.urls import for_asyncpg
from libs.testing.fixtures import DatabaseFor
from libs.testing.wait import until
from tests.faults.shop import BOUGHT, PATIENCE, Json, Shop

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crashes")]


@pytest.fixture(scope="module")
async def environment(shop: Shop, database_for: DatabaseFor, logs: Path) -> dict[str, str]:
    """What an operator has in theirs."""
    urls = {
        "AUTH": await database_for("auth_service"),
        "CATALOG": shop.catalog.url.render_as_string(hide_password=False),
        "ORDER": shop.orders.url.render_as_string(hide_password=False),
    }
    addresses = {f"{service}_DATABASE_URL": for_asyncpg(url) for service, url in urls.items()}
    return {**os.environ, **addresses, "SHOP_LOGS": str(logs)}


async def trace(environment: dict[str, str], *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ops", "trace", *arguments),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


def lines(moments: list[Json], depth: int = 0) -> Iterator[tuple[int, str, str]]:
    for moment in moments:
        yield depth, moment["where"], moment["what"]
        yield from lines(moment["followed_by"], depth + 1)


async def test_a_paid_order_tells_its_story(shop: Shop, environment: dict[str, str]) -> None:
    product_id = await shop.product(BOUGHT)
    order = await shop.becomes(await shop.place(product_id), "awaiting_payment")
    paying = {"X-Request-ID": f"pay-{order['id']}"}
    await shop.client.post(f"/order/{order['id']}/payment", json={"token": "tok_ok"}, headers=paying)

    async def whole() -> list[Any] | None:
        code, printed = await trace(environment, order["id"], "--json")
        assert code == 0, printed
        return json.loads(printed) if "sold" in printed and "order.paid" in printed else None

    story = await until(whole, timeout=PATIENCE, every=0.5)
    placing, payment = story[0], next(chapter for chapter in story if chapter["request_id"] == paying["X-Request-ID"])
    told = list(lines(placing["moments"]))
    assert told[0][1:] == ("order-api", told[0][2])
    assert told[0][2].startswith("POST /api/v1/order → 201")
    placed = next(place for place, line in enumerate(told) if line[2].startswith("order.placed, version 1, sent after"))
    assert (1, "catalog-worker") in {line[:2] for line in told[placed:] if line[2].startswith("catalog.orders done")}
    assert any(line[2].startswith("stock.reserved, version 1, sent after") for line in told)
    assert any("pending → awaiting_payment by catalog" in line[2] for line in told)

    told = list(lines(payment["moments"]))
    assert any(line[2].startswith("order.paid") for line in told)
    assert any(line[2].startswith("payment of 39.98 EUR succeeded mock_") for line in told)
    assert any(f"-{BOUGHT} of product {product_id}" in line[2] for line in told)
    moments = [moment["at"] for chapter in story for moment in chapter["moments"][:1]]
    assert moments == sorted(moments)

    code, printed = await trace(environment, paying["X-Request-ID"])
    assert code == 0
    assert "order.paid" in printed
    assert "order.placed" not in printed


async def test_what_nobody_knows_is_said(environment: dict[str, str]) -> None:
    code, printed = await trace(environment, "01a1ff56-356e-7232-9a63-a84617c2f45e")
    assert code == 3
    assert "Nothing is known of 01a1ff56" in printed
