"""As many series as there are endpoints, whatever clients send."""

import httpx
from prometheus_client import REGISTRY

from libs.process.ids import new_id


async def test_an_endpoint_is_one_series_whatever_is_asked_of_it(client: httpx.AsyncClient) -> None:
    before = _count("GET", "/books/{book_id}", 200)
    for _ in range(3):
        await client.get(f"/books/{new_id()}")
    assert _count("GET", "/books/{book_id}", 200) == before + 3


async def test_what_nobody_serves_is_one_series(client: httpx.AsyncClient) -> None:
    before, others = (
        _count("GET", "unmatched", 404),
        _count("other", "unmatched", 405) + _count("other", "unmatched", 404),
    )
    await client.get("/nothing-a")
    await client.get("/nothing-b")
    await client.request("BREW", "/nothing-c")
    assert _count("GET", "unmatched", 404) == before + 2
    assert _count("other", "unmatched", 405) + _count("other", "unmatched", 404) == others + 1


async def test_a_defect_is_counted_as_one(client: httpx.AsyncClient) -> None:
    before = _count("GET", "/books/failing/{how}", 500)
    await client.get("/books/failing/defect")
    assert _count("GET", "/books/failing/{how}", 500) == before + 1


def _count(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("http_requests_total", labels) or 0.0
