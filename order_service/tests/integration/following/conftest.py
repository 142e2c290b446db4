from collections.abc import AsyncIterator

import pytest

from libs.testing.wait import until
from order_service.core.settings import Settings
from order_service.domain.actor import Actor
from order_service.tests.integration.following.streams import Process, open_streams, running
from order_service.tests.integration.shop import Caller, Json, Shop
from order_service.tests.things import a_customer


@pytest.fixture(scope="session")
async def here(settings: Settings) -> AsyncIterator[Process]:
    async with running(settings) as process:
        yield process


@pytest.fixture(scope="session")
async def there(settings: Settings) -> AsyncIterator[Process]:
    """Another one, which shares nothing with the first but the database."""
    async with running(settings) as process:
        yield process


@pytest.fixture(autouse=True)
async def _nobody_follows_any_more() -> None:
    await until(lambda: open_streams() == 0)


@pytest.fixture
def person() -> Actor:
    return a_customer()


@pytest.fixture
def me(shop: Shop, here: Process, person: Actor) -> Caller:
    return here.caller(shop, person)


@pytest.fixture
def me_there(shop: Shop, there: Process, person: Actor) -> Caller:
    return there.caller(shop, person)


@pytest.fixture
async def order(shop: Shop, me: Caller) -> Json:
    return await me.place(await shop.product())
