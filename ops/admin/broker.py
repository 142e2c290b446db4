"""The connection on which an operator works."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aio_pika.abc import AbstractConnection
from yarl import URL

from libs.broker import tolerant_decoder
from libs.broker.connection import BROKER_ERRORS, broker_timeout, close_quietly, connect
from libs.broker.queue_snapshot import QueueBusyError
from ops.admin.errors import OperatorError


@asynccontextmanager
async def broker(amqp_url: str) -> AsyncIterator[AbstractConnection]:
    tolerant_decoder.patch_pamqp()
    where = f"RabbitMQ at {URL(amqp_url).authority.rpartition('@')[2]}"
    try:
        connection = await connect(amqp_url)
    except BROKER_ERRORS as error:
        raise OperatorError(f"{where} cannot be reached: {_message_of(error)}") from error
    try:
        async with broker_timeout(None):
            yield connection
    except QueueBusyError as error:
        raise OperatorError(str(error)) from error
    except BROKER_ERRORS as error:
        raise OperatorError(f"{where} broke off: {_message_of(error)}") from error
    finally:
        await close_quietly(connection)


def _message_of(error: Exception) -> str:
    return str(error) or type(error).__name__
