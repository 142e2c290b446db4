from typing import Any

import httpx

from tests.integration.support.clients import Json
from tests.integration.support.problems import ok


async def page(client: httpx.AsyncClient, path: str, **params: Any) -> Json:
    body: Json = ok(await client.get(path, params=params))
    assert set(body) >= {"items", "next_cursor"}, body
    return body


async def walk(client: httpx.AsyncClient, path: str, **params: Any) -> list[Json]:
    """Every item of a list, page by page, as a client follows `next_cursor`."""
    items: list[Json] = []
    cursor: str | None = None
    while True:
        got = await page(client, path, **params, **({"cursor": cursor} if cursor else {}))
        items += got["items"]
        cursor = got["next_cursor"]
        if cursor is None:
            return items
        assert got["items"], "an empty page that promises another one"


def ids(items: list[Json]) -> list[str]:
    return [str(item["id"]) for item in items]
