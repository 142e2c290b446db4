from collections.abc import AsyncIterator

import pytest

from libs.testing.databases import empty
from order_service.tests.integration.bus import Bus, on_the_bus
from order_service.tests.integration.shop import Caller, Shop
from order_service.tests.integration.webhooks.hooked import Hooked
from order_service.tests.integration.webhooks.receiver import Receiver


@pytest.fixture(scope="module")
async def bus(database_url: str, amqp_url: str) -> AsyncIterator[Bus]:
    # Workers would take up thousands of orders that other tests have left unanswered.
    await empty(database_url)
    async with on_the_bus(amqp_url) as bus:
        yield bus


@pytest.fixture
async def hooked(shop: Shop, bus: Bus, admin: Caller, database_url: str, amqp_url: str) -> Hooked:
    hooked = Hooked(shop, bus, admin, database_url, amqp_url)
    await hooked.forget_everything()
    return hooked


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver
