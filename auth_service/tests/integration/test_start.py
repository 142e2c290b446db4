"""Starting: the first admin, several instances at once, and a database that is away."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from auth_service.core.settings import Settings
from auth_service.main import create_app
from auth_service.tests.integration.house import ADMIN_EMAIL, ADMIN_PASSWORD, House, answer
from libs.testing.databases import empty
from libs.testing.proxy import Proxy
from libs.testing.wait import until


async def ready(house: House) -> httpx.Response:
    return await house.caller().get("http://auth/health/ready")


async def is_ready(house: House) -> bool:
    return (await ready(house)).status_code == 200


async def test_four_instances_that_start_at_once_make_one_admin(settings: Settings, engine: AsyncEngine) -> None:
    await empty(settings.database_url)
    async with AsyncExitStack() as stack:
        houses = [House(create_app(settings), engine) for _ in range(4)]
        await asyncio.gather(
            *(stack.enter_async_context(house.app.router.lifespan_context(house.app)) for house in houses)
        )
        await asyncio.gather(*(until(partial(is_ready, house)) for house in houses))
        (admin,) = await houses[0].rows("SELECT * FROM users")
        assert (admin["email"], admin["username"], admin["role"]) == (ADMIN_EMAIL, "admin", "admin")
        assert len(await houses[0].events(str(admin["id"]))) == 1
        for house in houses:
            await house.log_in(ADMIN_EMAIL.upper(), ADMIN_PASSWORD)


async def test_a_password_that_the_admin_changed_outlives_a_restart(house: House, settings: Settings) -> None:
    admin = await house.admin()
    body = {"password": "the admin's own", "current_password": ADMIN_PASSWORD}
    answer(await admin.put("/users/me", json=body))
    again = House(create_app(settings), house.engine)
    async with again.app.router.lifespan_context(again.app):
        await until(lambda: is_ready(again))
        await again.log_in(ADMIN_EMAIL, "the admin's own")


async def test_it_starts_while_the_database_is_away_and_says_so(settings: Settings, engine: AsyncEngine) -> None:
    await empty(settings.database_url)
    async with Proxy(settings.database_url) as proxy:
        await proxy.cut()
        house = House(create_app(settings.model_copy(update={"database_url": proxy.url})), engine)
        async with house.app.router.lifespan_context(house.app):
            assert (await house.caller().get("http://auth/health/live")).status_code == 200
            response = await ready(house)
            assert response.status_code == 503
            assert set(response.json()["checks"]) == {"database", "first_admin"}
            refused = await house.try_login("ada")
            assert (refused.status_code, refused.json()["code"]) == (503, "service_unavailable")
            assert refused.headers["retry-after"]
            await proxy.restore()
            await until(lambda: is_ready(house))
            await house.log_in(ADMIN_EMAIL, ADMIN_PASSWORD)
            await proxy.cut()
            assert (await house.try_login("ada")).status_code == 503
            assert (await house.caller("a.b.c").get("/users/me")).status_code == 401
            await proxy.restore()
            await house.log_in(ADMIN_EMAIL, ADMIN_PASSWORD)
