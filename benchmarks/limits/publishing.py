"""Publishing with aio-pika, each message confirmed, 500 in flight.

So many tasks publish one message after the other. A task for each message would cost more than its publishing, and who
waited for a whole chunk's confirms before the next one would leave the broker idle in between: both were measured.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, cast

from aio_pika.abc import AbstractConnection
from aiormq import Channel, spec

IN_FLIGHT: Final = 500

Message = tuple[bytes, spec.Basic.Properties]


async def underlay(connection: AbstractConnection) -> Channel:
    """A channel without what aio-pika puts around it."""
    channel = connection.channel(publisher_confirms=True, on_return_raises=True)
    await channel.initialize()
    return cast(Channel, await channel.get_underlay_channel())


async def publish(channel: Channel, messages: Sequence[Message], exchange: str, key: str) -> None:
    """Returns when all are confirmed."""
    left = iter(messages)

    async def one_after_the_other() -> None:
        for body, named in left:
            await channel.basic_publish(
                body, exchange=exchange, routing_key=key, properties=named, mandatory=True, wait=False
            )

    async with asyncio.TaskGroup() as publishing:
        for _ in range(min(IN_FLIGHT, len(messages))):
            publishing.create_task(one_after_the_other())
