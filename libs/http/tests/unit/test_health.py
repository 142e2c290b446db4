import asyncio

import httpx
import pytest

from libs.http import health
from libs.http.health import Check
from libs.http.tests.unit.shelf import make_app


async def well() -> None:
    return


async def broken() -> None:
    raise ConnectionRefusedError("db.internal:5432")


async def hanging() -> None:
    await asyncio.Event().wait()


async def ready(checks: dict[str, Check]) -> httpx.Response:
    transport = httpx.ASGITransport(make_app(checks=checks))
    async with httpx.AsyncClient(transport=transport, base_url="http://shelf") as client:
        assert (await client.get("/health/live")).status_code == 200
        return await client.get("/health/ready")


async def test_ready_when_all_parts_are_well() -> None:
    response = await ready({"database": well})
    assert (response.status_code, response.json()["checks"]) == (200, {"database": "ok"})


async def test_the_failing_part_is_named_and_its_inside_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_TIMEOUT", 0.01)
    response = await ready({"database": broken, "broker": hanging, "disk": well})
    assert response.status_code == 503
    assert response.headers["retry-after"]
    checks = response.json()["checks"]
    assert checks == {
        "database": "failing: ConnectionRefusedError",
        "broker": "failing: TimeoutError",
        "disk": "ok",
    }
