"""A process that answers from memory, and what is asked of it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from prometheus_client import REGISTRY

from catalog_service.core.settings import Settings
from catalog_service.main import create_app
from libs.http.fast.response_cache import ResponseCache
from libs.http.security import Authenticator
from libs.testing.wait import until

SIZE = 5


class Clock:
    """The caches'. It goes like any other until it is stopped."""

    def __init__(self) -> None:
        self._stopped_at: float | None = None

    def __call__(self) -> float:
        return time.monotonic() if self._stopped_at is None else self._stopped_at

    def stop(self) -> None:
        self._stopped_at = time.monotonic()

    def pass_by(self, seconds: float) -> None:
        assert self._stopped_at is not None
        self._stopped_at += seconds


@dataclass
class Process:
    app: FastAPI
    admin: httpx.AsyncClient
    anyone: httpx.AsyncClient

    @property
    def cache(self) -> ResponseCache:
        cache: ResponseCache = self.app.state.cache
        return cache

    async def see(self, reference: str) -> httpx.Response:
        return await self.anyone.get(f"/products/{reference}")

    async def warm(self, reference: str) -> dict[str, Any]:
        """Shows it until it comes from memory."""

        async def is_remembered() -> bool:
            before = answered_from_memory()
            assert (await self.see(reference)).status_code == 200
            return answered_from_memory() > before

        await until(is_remembered)
        shown: dict[str, Any] = (await self.see(reference)).json()
        return shown


def answered_from_memory() -> float:
    return REGISTRY.get_sample_value("http_cache_hits_total") or 0.0


@asynccontextmanager
async def process(database_url: str, authenticator: Authenticator, token: str) -> AsyncIterator[Process]:
    app = create_app(Settings(database_url=database_url, jwks_url="http://127.0.0.1:1/", product_cache_size=SIZE))
    app.state.authenticator = authenticator
    transport, base = httpx.ASGITransport(app), "http://catalog/api/v1"
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=base, headers={"Authorization": f"Bearer {token}"}) as admin,
        httpx.AsyncClient(transport=transport, base_url=base) as anyone,
    ):
        yield Process(app, admin, anyone)


async def new_product(through: Process, **fields: Any) -> dict[str, Any]:
    body = {"name": f"Lamp {uuid4()}", "price": "10.00", "stock": 5, **fields}
    response = await through.admin.post("/product", json=body)
    assert response.status_code == 201, response.text
    product: dict[str, Any] = response.json()
    return product
