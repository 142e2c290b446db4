from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from fastapi import FastAPI

from catalog_service.tests.integration.memory.process import Clock, Process, process
from catalog_service.tests.integration.people import Issuer
from libs.http.fast import response_cache


@pytest.fixture
async def processes(app: FastAPI, database_url: str, issuer: Issuer) -> AsyncIterator[tuple[Process, Process]]:
    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(process(database_url, app.state.authenticator, issuer.token("admin")))
            for _ in range(2)
        ]
        yield one, other


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(response_cache, "monotonic", clock)
    return clock
