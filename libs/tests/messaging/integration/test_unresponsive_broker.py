"""A broker that falls silent without closing the connection: whoever waits for it gives up in time and starts again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

import pytest
from faststream.rabbit import RabbitRouter
from prometheus_client import REGISTRY

from libs.broker.connectivity import NotConnectedError
from libs.consumers.runner import ConsumerRunner
from libs.consumers.subscriber import subscriber
from libs.process.ids import new_id
from libs.testing.proxy import Proxy
from libs.testing.wait import until
from libs.tests.messaging.shop import Shop, running
from libs.tests.messaging.things import ThingChanged, ThingEvent

# How much the broker still says: from its greeting until after all is open.
BYTES = range(100, 3200, 250)


async def test_relays_start_wherever_it_falls_silent(shop: Shop) -> None:
    await shop.declare()
    async with AsyncExitStack() as stack:
        relays = []
        for count in BYTES:
            url = await _silent_after(stack, shop, count)
            relays.append(shop.relay(amqp_url=url))
            await stack.enter_async_context(running(relays[-1].run))
        await asyncio.gather(*(until(partial(_is_up, relay.broker.check), timeout=60) for relay in relays))
        await shop.store(ThingChanged(id=new_id(), version=1, name="thing"))
        await until(shop.nothing_waits)


async def test_consumers_start_wherever_it_falls_silent(shop: Shop) -> None:
    async with AsyncExitStack() as stack:
        waiting = []
        for count in BYTES:
            url = await _silent_after(stack, shop, count)
            router = RabbitRouter()

            @subscriber(router, shop.queue, ThingEvent)
            async def ignore(events: list[ThingEvent]) -> None:
                del events

            declare = partial(shop.declare, amqp_url=url)
            consumption = ConsumerRunner(shop.transactions, url, [router], {}, declare=declare)
            stack.push_async_callback(consumption.stop)
            await stack.enter_async_context(running(consumption.run))
            waiting.append(until(partial(_is_up, consumption.check), timeout=60))
        await asyncio.gather(*waiting)


async def test_a_relay_that_hears_nothing_any_more_says_so(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    await shop.declare()
    async with Proxy(shop.amqp_url) as proxy:
        relay = shop.relay(amqp_url=f"{proxy.url}?heartbeat=1")
        async with running(relay.run):
            await until(partial(_is_up, relay.check))
            assert _relays_connected() == 1
            proxy.freeze()
            await shop.store(ThingChanged(id=new_id(), version=1, name="thing"))
            await until(lambda: _relays_connected() == 0, timeout=60)
            assert not await _is_up(relay.check)
            assert "relay's broker: away" in caplog.text
            proxy.thaw()
            await until(partial(_is_up, relay.check), timeout=60)
            assert _relays_connected() == 1
            await until(shop.nothing_waits)


async def _silent_after(stack: AsyncExitStack, shop: Shop, count: int) -> str:
    proxy = await stack.enter_async_context(Proxy(shop.amqp_url))
    proxy.blackhole_after(count)
    return f"{proxy.url}?heartbeat=1"


async def _is_up(check: Callable[[], Awaitable[None]]) -> bool:
    try:
        await check()
    except NotConnectedError:
        return False
    return True


def _relays_connected() -> float | None:
    return REGISTRY.get_sample_value("relay_connected")
