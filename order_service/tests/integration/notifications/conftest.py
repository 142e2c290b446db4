from collections.abc import AsyncIterator

import pytest

from libs.mail.tests.mail_server import MailServer
from libs.testing.databases import empty
from order_service.tests.integration.bus import Bus, on_the_bus
from order_service.tests.integration.notifications.mailbox import Mailbox
from order_service.tests.integration.shop import Caller, Shop


@pytest.fixture(scope="module")
async def bus(database_url: str, amqp_url: str) -> AsyncIterator[Bus]:
    # Workers would take up thousands of orders that other tests have left unanswered.
    await empty(database_url)
    async with on_the_bus(amqp_url) as bus:
        yield bus


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


@pytest.fixture
def unopened(shop: Shop, bus: Bus, server: MailServer, customer: Caller, database_url: str, amqp_url: str) -> Mailbox:
    return Mailbox(shop, bus, server, customer, database_url, amqp_url)


@pytest.fixture
async def mailbox(unopened: Mailbox) -> Mailbox:
    await unopened.open()
    return unopened
