"""What wakes a relay: the notifier at once, and the poll where it did not notify."""

import asyncpg
import pytest

from libs.outbox.notifier import OutboxNotifier
from libs.testing.proxy import Proxy
from libs.testing.wait import until
from libs.tests.messaging.shop import Shop, running
from libs.tests.messaging.things import changed


async def test_the_bell_wakes_the_relay(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.outbox.relay.POLL", 3600)
    relay, notifier = shop.relay(), OutboxNotifier(shop.database_url)
    async with running(relay.run):
        await until(lambda: relay.broker.is_up)
        for _ in range(3):
            await shop.store(changed())
            notifier.notify()
            await until(shop.nothing_waits)
    await notifier.aclose()


async def test_the_poll_finds_what_the_bell_forgot(shop: Shop) -> None:
    relay = shop.relay()
    async with running(relay.run):
        await until(lambda: relay.broker.is_up)
        await shop.store(changed())
        await until(shop.nothing_waits)


async def test_rings_become_few(shop: Shop) -> None:
    heard = 0

    def hear(*_: object) -> None:
        nonlocal heard
        heard += 1

    listener = await asyncpg.connect(shop.database_url)
    await listener.add_listener("outbox", hear)
    notifier = OutboxNotifier(shop.database_url)
    for _ in range(1000):
        notifier.notify()
    await until(lambda: heard)
    await notifier.aclose()
    await listener.execute("SELECT 1")
    assert heard <= 2
    await listener.close()


async def test_a_bell_without_a_database_disturbs_nobody(shop: Shop) -> None:
    async with Proxy(shop.database_url) as proxy:
        notifier = OutboxNotifier(proxy.url)
        notifier.notify()
        await proxy.cut()
        notifier.notify()
        await notifier.aclose()
