import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.observability.context import correlation_id
from libs.process.ids import new_id
from order_service.exceptions import CatalogUnavailable
from order_service.repositories import catalog_client
from order_service.repositories.catalog_client import HttpProductSource
from order_service.tests.things import a_product

Answer = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


def source(answer: Answer) -> HttpProductSource:
    return HttpProductSource("http://catalog:8001/", httpx.AsyncClient(transport=httpx.MockTransport(answer)))


def shown(product_id: UUID, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(product_id),
        "name": "Desk lamp",
        "price": "19.99",
        "currency": "EUR",
        "is_active": True,
        "version": 4,
        "available": 3,
        **fields,
    }


async def test_each_is_asked_for_and_those_that_exist_come_back() -> None:
    here, gone = new_id(), new_id()
    correlation_id.set("a-request")

    async def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["X-Request-ID"] == "a-request"
        if request.url.path == f"/api/v1/products/{here}":
            return httpx.Response(200, json=shown(here))
        assert request.url.path == f"/api/v1/products/{gone}"
        return httpx.Response(404, json={"code": "product_not_found"})

    expected = a_product(product_id=here, version=4)
    assert await source(answer).fetch([here, gone]) == [expected]
    assert expected.price == Decimal("19.99")


async def test_all_are_asked_for_at_once() -> None:
    together = asyncio.Barrier(5)

    async def answer(request: httpx.Request) -> httpx.Response:
        await together.wait()
        return httpx.Response(200, json=shown(UUID(request.url.path.rpartition("/")[2])))

    assert len(await source(answer).fetch([new_id() for _ in range(5)])) == 5


async def test_a_catalog_that_does_not_answer_in_time_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_client, "PATIENCE", 0.05)

    async def answer(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(CatalogUnavailable):
        await source(answer).fetch([new_id()])


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(500),
        httpx.Response(503, headers={"Retry-After": "5"}),
        httpx.Response(429),
        httpx.Response(404, text="no such page"),
        httpx.Response(404, json={"code": "not_found"}),
        httpx.Response(302, headers={"Location": "/login"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(200, json={"id": "x"}),
        httpx.Response(200, json=shown(new_id(), price="NaN")),
        httpx.Response(200, json=shown(new_id(), price="10000000.00")),
        httpx.Response(200, json=shown(new_id(), currency="euro")),
        httpx.Response(200, json=shown(new_id(), name="\x00")),
    ],
)
async def test_what_is_no_product_is_an_outage(response: httpx.Response) -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        return response

    with pytest.raises(CatalogUnavailable):
        await source(answer).fetch([new_id()])


async def test_a_catalog_that_cannot_be_reached_is_away() -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(CatalogUnavailable):
        await source(answer).fetch([new_id(), new_id()])
