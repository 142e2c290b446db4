"""The shop's HTTP API, as the seeder calls it."""

from http import HTTPStatus
from typing import Any

import httpx


class Shop:
    """`auth`, `catalog` and `order` are base URLs. Raises `httpx.HTTPStatusError` for an answer nobody expects."""

    def __init__(self, client: httpx.AsyncClient, *, auth: str, catalog: str, order: str) -> None:
        self._client = client
        self.auth = f"{auth}/api/v1"
        self.catalog = f"{catalog}/api/v1"
        self.order = f"{order}/api/v1"

    async def login(self, login: str, password: str) -> str:
        answer = await self.post(f"{self.auth}/auth/login", {"login": login, "password": password})
        token: str = answer.json()["access_token"]
        return token

    async def get(self, url: str, token: str | None = None, **parameters: str | int) -> httpx.Response:
        answer = await self._client.get(url, headers=_bearer(token), params=parameters)
        if answer.status_code != HTTPStatus.NOT_FOUND:
            answer.raise_for_status()
        return answer

    async def post(self, url: str, body: dict[str, Any], token: str | None = None) -> httpx.Response:
        """A 409 is an answer as well: it is there already."""
        return await self._send("POST", url, body, token)

    async def put(self, url: str, body: dict[str, Any], token: str) -> httpx.Response:
        """The same."""
        return await self._send("PUT", url, body, token)

    async def _send(self, method: str, url: str, body: dict[str, Any], token: str | None) -> httpx.Response:
        answer = await self._client.request(method, url, headers=_bearer(token), json=body)
        if answer.status_code != HTTPStatus.CONFLICT:
            answer.raise_for_status()
        return answer


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
