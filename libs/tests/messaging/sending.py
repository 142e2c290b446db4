"""Messages for consumers, past any outbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aio_pika

from libs.broker.topology import RETRY_DELAYS, RetryDelay
from libs.contracts.base import StateEvent
from libs.process.ids import new_id
from libs.testing.envelope import Envelope
from libs.tests.messaging.shop import Shop

QUICK = tuple(RetryDelay(delay.name, timedelta(milliseconds=50)) for delay in RETRY_DELAYS)


def encoded(event: StateEvent, story: str = "story-2") -> Envelope:
    return Envelope(
        id=str(new_id()),
        source=event.source,
        type=event.type,
        subject=event.subject,
        time=datetime.now(UTC),
        sequence=event.sequence,
        correlation_id=story,
        data=event.model_dump(mode="json"),
    )


async def send(shop: Shop, *events: StateEvent, story: str = "story-2") -> list[str]:
    envelopes = [encoded(event, story) for event in events]
    for envelope in envelopes:
        await send_bytes(shop, envelope.encode(), message_id=envelope.id, correlation_id=envelope.correlation_id)
    return [envelope.id for envelope in envelopes]


async def send_bytes(shop: Shop, body: bytes, **properties: Any) -> None:
    message = aio_pika.Message(body, delivery_mode=2, **properties)
    await shop.channel.default_exchange.publish(message, shop.queue.name)


async def settled(shop: Shop, *, parked: int = 0) -> bool:
    """Nothing waits, nothing is being handled."""
    info = await shop.ready(shop.queue.name)
    return info == 0 and await shop.ready(shop.queue.parked) == parked
