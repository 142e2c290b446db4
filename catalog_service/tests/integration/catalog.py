"""The catalog through its HTTP, and what tests put into it."""

import uuid
from typing import Any

import httpx

Json = dict[str, Any]
API = "/api/v1"


def unique(prefix: str = "thing") -> str:
    return f"{prefix} {uuid.uuid4().hex[:12]}"


class Catalog:
    def __init__(self, http: httpx.AsyncClient, token: str | None) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = self._headers | request.pop("headers", {})
        return await self._http.request(method, API + path, headers=headers, **request)

    async def get(self, path: str, **params: Any) -> Json:
        """What must be there."""
        response = await self.call("GET", path, params=params)
        assert response.status_code == 200, response.text
        body: Json = response.json()
        return body

    async def send(self, method: str, path: str, body: Json | None = None, *, status: int = 200) -> Json:
        response = await self.call(method, path, json=body)
        assert response.status_code == status, response.text
        answer: Json = response.json() if response.content else {}
        return answer

    async def category(self, parent: Json | None = None, **fields: Any) -> Json:
        body = {"name": unique("category"), "parent_id": parent["id"] if parent else None, **fields}
        return await self.send("POST", "/category", body, status=201)

    async def product(self, **fields: Any) -> Json:
        return await self.send("POST", "/product", {"name": unique("product"), "price": "10.00", **fields}, status=201)

    async def walk(self, path: str, **params: Any) -> list[Json]:
        """All items of a list, page by page."""
        items: list[Json] = []
        page = await self.get(path, **params)
        while page["next_cursor"]:
            items += page["items"]
            page = await self.get(path, **{**params, "cursor": page["next_cursor"]})
        items += page["items"]
        return items

    async def available(self, product: Json) -> int:
        return int((await self.get(f"/products/{product['id']}"))["available"])


def ids(items: list[Json]) -> list[str]:
    return [item["id"] for item in items]


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]
