"""auth_service on a real database, and people who call it."""

from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

Json = dict[str, Any]

ADMIN_EMAIL = "root@example.com"
ADMIN_PASSWORD = "the first admin's"
PASSWORD = "correct horse"


def answer(response: httpx.Response, status: int = 200) -> Json:
    assert response.status_code == status, response.text
    body: Json = response.json()
    return body


def refused(response: httpx.Response, status: int, code: str) -> Json:
    problem = answer(response, status)
    assert problem["code"] == code, problem
    return problem


@dataclass(frozen=True)
class House:
    app: FastAPI
    engine: AsyncEngine

    def caller(self, token: str | None = None, address: str = "192.0.2.1") -> httpx.AsyncClient:
        """Somebody at an address, with a token or without."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, client=(address, 4711), raise_app_exceptions=False),
            base_url="http://auth/api/v1",
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
        )

    async def try_login(self, login: str, password: str = PASSWORD, address: str = "192.0.2.1") -> httpx.Response:
        return await self.caller(address=address).post("/auth/login", json={"login": login, "password": password})

    async def log_in(self, login: str, password: str = PASSWORD) -> Json:
        return answer(await self.try_login(login, password))

    async def admin(self) -> httpx.AsyncClient:
        return self.caller((await self.log_in(ADMIN_EMAIL, ADMIN_PASSWORD))["access_token"])

    async def join(self, name: str) -> "Person":
        """Registers and logs in."""
        body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
        user = answer(await self.caller().post("/auth/register", json=body), 201)
        tokens = await self.log_in(name)
        return Person(user, tokens, self.caller(tokens["access_token"]))

    async def refresh(self, token: str) -> httpx.Response:
        return await self.caller().post("/auth/refresh", json={"refresh_token": token})

    async def rows(self, sql: str, **arguments: Any) -> list[Json]:
        async with self.engine.begin() as connection:
            result = await connection.execute(text(sql), arguments)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    async def events(self, user_id: str) -> list[tuple[str, int, Json]]:
        rows = await self.rows(
            "SELECT type, version, payload FROM outbox WHERE aggregate_id = CAST(:id AS uuid) ORDER BY id", id=user_id
        )
        return [(row["type"], row["version"], row["payload"]) for row in rows]


@dataclass(frozen=True)
class Person:
    user: Json
    tokens: Json
    call: httpx.AsyncClient

    @property
    def id(self) -> str:
        return str(self.user["id"])

    @property
    def refresh_token(self) -> str:
        return str(self.tokens["refresh_token"])
