"""Messages of a queue in batches: what has arrived while the last batch was worked on, up to a hundred."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

AT_ONCE = 100

Event = dict[str, Any]
Handle = Callable[[Sequence[Event]], Awaitable[None]]


@asynccontextmanager
async def consuming(connection: AbstractConnection, queue: str, handle: Handle) -> AsyncIterator[None]:
    """`handle` is given what the messages tell, and has committed when it returns."""
    arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    channel = await connection.channel()
    # While one batch is written, the next arrives.
    await channel.set_qos(prefetch_count=2 * AT_ONCE)
    declared = await channel.get_queue(queue)
    await declared.consume(arrived.put)
    task = asyncio.create_task(_follow(arrived, handle))
    yield
    task.cancel()


async def _follow(arrived: asyncio.Queue[AbstractIncomingMessage], handle: Handle) -> None:
    while True:
        batch = [await arrived.get()]
        while len(batch) < AT_ONCE and not arrived.empty():
            batch.append(arrived.get_nowait())
        await handle([orjson.loads(message.body)["data"] for message in batch])
        await batch[-1].ack(multiple=True)


def newest(events: Sequence[Event]) -> list[Event]:
    """Of each aggregate: one statement changes a row once."""
    found: dict[str, Event] = {}
    for event in events:
        known = found.get(event["id"])
        if known is None or event["version"] > known["version"]:
            found[event["id"]] = event
    return list(found.values())
