from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from libs.http.tests.unit.shelf import make_app


@pytest.fixture
def app() -> FastAPI:
    return make_app()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shelf/api/v1") as client:
        yield client
