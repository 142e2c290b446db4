"""The topology is declared by everybody, at any time, and is complete for the first event."""

import asyncio

import aio_pika
import pytest
from aio_pika.exceptions import ChannelPreconditionFailed

from libs.broker.topology import RETRY_DELAYS, bind, declare
from libs.contracts.topology import AUTH_EVENTS, EXCHANGES, ORDER_USERS, QUEUES, TRACE
from libs.testing.vhosts import fresh_vhost


async def test_several_declare_it_at_once_and_again(run_id: str, worker_name: str) -> None:
    async with fresh_vhost(f"topology_{run_id[:12]}_{worker_name}") as amqp_url:
        await asyncio.gather(*(declare(amqp_url) for _ in range(4)))
        await declare(amqp_url)
        await bind(amqp_url)
        async with await aio_pika.connect(amqp_url) as connection:
            channel = await connection.channel(on_return_raises=True)
            for queue in QUEUES:
                names = [queue.name, queue.parked, *(queue.retry(delay.name) for delay in RETRY_DELAYS)]
                assert names == [(await channel.declare_queue(name, passive=True)).name for name in names]
            for exchange in EXCHANGES:
                assert (await channel.get_exchange(exchange.name)).name == exchange.name
            await _publish(channel, AUTH_EVENTS.name, "user.created")
            for name in (TRACE, ORDER_USERS.name):
                found = await channel.declare_queue(name, passive=True)
                assert found.declaration_result.message_count == 1


async def test_something_else_of_the_same_name_is_told(run_id: str, worker_name: str) -> None:
    async with fresh_vhost(f"other_{run_id[:12]}_{worker_name}") as amqp_url:
        async with await aio_pika.connect(amqp_url) as connection:
            channel = await connection.channel()
            await channel.declare_queue(ORDER_USERS.name, durable=True)
        with pytest.raises(ChannelPreconditionFailed, match=ORDER_USERS.name):
            await declare(amqp_url)


async def _publish(channel: aio_pika.abc.AbstractChannel, exchange: str, key: str) -> None:
    message = aio_pika.Message(b"{}", delivery_mode=2)
    await (await channel.get_exchange(exchange)).publish(message, key, mandatory=True, timeout=30)
