"""A management API that is away, hangs or is not named holds up nobody."""

import pytest

from libs.testing.environment import required
from libs.testing.proxy import Proxy
from libs.testing.wait import until
from libs.tests.messaging.publishing import Ear, Publisher, told, unbind
from libs.tests.messaging.shop import Shop


async def test_management_that_is_away_holds_up_nobody(shop: Shop) -> None:
    ear = Ear(shop)
    await shop.declare()
    async with Proxy(required("RABBITMQ_UI_URL")) as management:
        await management.cut()
        publisher = Publisher(shop, ui_url=management.url)
        async with publisher.at_work():
            things = await told(shop)
            await until(lambda: ear.has(things))
            assert not publisher.bindings._link.is_up  # noqa: SLF001 - what readiness says.
            await unbind(shop)
            missed = await told(shop)
            await management.restore()
            await until(lambda: ear.has(missed))
            await publisher.bindings.check()


async def test_management_that_hangs_holds_up_nobody(shop: Shop) -> None:
    ear = Ear(shop)
    await shop.declare()
    async with Proxy(required("RABBITMQ_UI_URL")) as management:
        management.freeze()
        async with Publisher(shop, ui_url=management.url).at_work():
            things = await told(shop)
            await until(lambda: ear.has(things), timeout=10)


async def test_without_management_queues_are_bound_all_the_same(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    ear, publisher = Ear(shop), Publisher(shop, ui_url="")
    async with publisher.at_work():
        things = await told(shop)
        await until(lambda: ear.has(things))
        await publisher.bindings.check()
    assert caplog.text.count("RABBITMQ_UI_URL is not set") == 1
