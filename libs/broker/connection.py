"""Connections to the broker that nobody waits for in vain."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aio_pika
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import AMQPError
from yarl import URL

from libs.process.cancellation import raise_if_cancelled

CONNECT_TIMEOUT = 5.0
CLOSE_TIMEOUT = 5.0
HEARTBEAT = 10
# What aio-pika raises while the broker is away, goes away, or refuses; OSError includes TimeoutError.
BROKER_ERRORS = (AMQPError, OSError, RuntimeError)


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    amqp_url: str
    ui_url: str = ""
    """Its management, which knows the same user. Without it bindings can be made, but not watched."""


def with_heartbeat(amqp_url: str) -> str:
    """A connection whose other end vanished without a word is noticed after three heartbeats."""
    url = URL(amqp_url)
    return str(url if "heartbeat" in url.query else url.update_query(heartbeat=HEARTBEAT))


@asynccontextmanager
async def broker_timeout(seconds: float | None) -> AsyncIterator[None]:
    """Raises one of BROKER_ERRORS if a broker does not answer in time.

    Or earlier: where the client library gives a connection up, it cancels whoever waits for it. A task that nobody
    asked to end must not end from that.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except asyncio.CancelledError:
        raise_if_cancelled()
        raise ConnectionError("the broker does not answer") from None


async def connect(amqp_url: str) -> AbstractConnection:
    async with broker_timeout(CONNECT_TIMEOUT):
        return await aio_pika.connect(with_heartbeat(amqp_url))


async def close_quietly(connection: AbstractConnection) -> None:
    """A connection that cannot be closed politely any more ends with its heartbeats."""
    with contextlib.suppress(*BROKER_ERRORS):
        async with broker_timeout(CLOSE_TIMEOUT):
            await connection.close()
