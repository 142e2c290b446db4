"""Many messages over one channel in one go: sent as one piece, and each confirmed by itself.

aiormq publishes one message at a time, with a lock, a task and a write to the socket for each. The relay has hundreds,
and spent most of its time on that. What is used here is what `aiormq.Channel` itself keeps of its confirms.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache

from aiormq import Channel, spec
from aiormq.abc import ChannelFrame
from pamqp import frame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from libs.broker.connection import BROKER_ERRORS
from libs.contracts.topology import is_read

Confirm = asyncio.Future[object]
"""Fails with aiormq's PublishError or DeliveryError, or with what ended the channel."""


@dataclass(frozen=True, slots=True)
class EncodedMessage:
    message_id: str
    """By which it comes back if no queue takes it."""
    wire: bytes


def encode_frames(
    channel: Channel, exchange: str, routing_key: str, properties: spec.Basic.Properties, body: bytes
) -> EncodedMessage:
    """Mandatory, if some queue is to take it. Raises what it may where AMQP cannot say this."""
    # A broker may have agreed to frames of any length.
    size = channel.max_content_size if channel.max_content_size > 0 else max(1, len(body))
    number = channel.number
    pieces = [
        _publish_frame(number, exchange, routing_key),
        frame.marshal(ContentHeader(properties=properties, body_size=len(body)), number),
        *(frame.marshal(ContentBody(body[start : start + size]), number) for start in range(0, len(body), size)),
    ]
    return EncodedMessage(str(properties.message_id), b"".join(pieces))


@asynccontextmanager
async def publish_many(channel: Channel, messages: Sequence[EncodedMessage]) -> AsyncIterator[Sequence[Confirm]]:
    """Raises one of BROKER_ERRORS where the channel is gone. What the block does not wait for is not waited for."""
    confirms = [channel.loop.create_future() for _ in messages]
    ended: asyncio.Future[object] | None = None
    try:
        async with channel.lock:
            ended = _end_of(channel, confirms)
            first = channel.delivery_tag + 1
            for number, (confirm, message) in enumerate(zip(confirms, messages, strict=True), first):
                channel.confirmations[number] = confirm
                channel.message_id_delivery_tag[message.message_id] = number
            channel.delivery_tag += len(messages)
            wire = b"".join([message.wire for message in messages])
            await channel.write_queue.put(ChannelFrame(wire, should_close=False))
        yield confirms
    finally:
        if ended is not None:
            ended.cancel()
        for confirm in confirms:
            confirm.cancel()
        for message in messages:
            channel.message_id_delivery_tag.pop(message.message_id, None)


def _end_of(channel: Channel, confirms: Sequence[Confirm]) -> asyncio.Future[object]:
    """What ends with the channel, and the confirms with it. Only an open channel gives one."""
    ended: asyncio.Future[object] = channel.create_future()
    ended.add_done_callback(lambda _: _fail(confirms, ended))
    return ended


def _fail(confirms: Sequence[Confirm], ended: asyncio.Future[object]) -> None:
    reason = None if ended.cancelled() else ended.exception()
    error = reason if isinstance(reason, BROKER_ERRORS) else ConnectionError("the channel ended")
    for confirm in confirms:
        if not confirm.done():
            confirm.set_exception(error)


@lru_cache
def _publish_frame(channel: int, exchange: str, routing_key: str) -> bytes:
    return frame.marshal(
        spec.Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=is_read(exchange, routing_key)),
        channel,
    )
