"""The connection on which an operator works."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aio_pika.abc import AbstractConnection
from yarl import URL

from libs.messaging import lenient
from libs.messaging.connection import BROKER_ERRORS, answering, connect, hang_up
from libs.messaging.in_hand import InHandError
from ops.oversight.trouble import Trouble


@asynccontextmanager
async def broker(amqp_url: str) -> AsyncIterator[AbstractConnection]:
    lenient.install()
    where = f"RabbitMQ at {URL(amqp_url).authority.rpartition('@')[2]}"
    try:
        connection = await connect(amqp_url)
    except BROKER_ERRORS as error:
        raise Trouble(f"{where} cannot be reached: {_told(error)}") from error
    try:
        async with answering(None):
            yield connection
    except InHandError as error:
        raise Trouble(str(error)) from error
    except BROKER_ERRORS as error:
        raise Trouble(f"{where} broke off: {_told(error)}") from error
    finally:
        await hang_up(connection)


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
