"""Publishes ready-made events and waits for the confirms, 500 in flight. It does not even read an outbox."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import aio_pika
import orjson
from aiormq import Channel

from benchmarks import events
from benchmarks.limits.asgi import Answer, Application, Receive, Scope
from benchmarks.limits.publishing import underlay

opened: dict[str, Channel] = {}


@asynccontextmanager
async def connected() -> AsyncIterator[None]:
    async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
        opened["channel"] = await underlay(connection)
        yield


async def publish(scope: Scope, _: Receive) -> Answer:
    """`?count=` so many. Answers how long it took and what it cost, without the making of the messages."""
    (count,) = parse_qs(scope["query_string"].decode())["count"]
    version = next(events.versions)
    messages = [events.message(events.product_updated(number, version)) for number in range(1, int(count) + 1)]
    seconds, cpu_seconds = time.perf_counter(), time.process_time()
    await events.publish(opened["channel"], messages)
    took = {"seconds": time.perf_counter() - seconds, "cpu_seconds": time.process_time() - cpu_seconds}
    return 200, orjson.dumps(took), ()


app = Application(connected, publish)
