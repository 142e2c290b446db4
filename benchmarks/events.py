"""Events of products, as catalog_service tells them, and how they get into an outbox or a queue."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import asyncpg
from aiormq import Channel

from benchmarks import data
from benchmarks.limits import publishing
from benchmarks.limits.publishing import Message
from libs.broker.cloudevents import encode, properties
from libs.contracts.base import Event
from libs.contracts.catalog import ProductUpdated
from libs.contracts.topology import CATALOG_EVENTS
from libs.process.ids import new_id

CORRELATION: Final = "0199f3a4-9a40-7d02-a2f5-0c8c63d94c11"
FILL: Final = f"""
    INSERT INTO outbox (event_id, aggregate, aggregate_id, version, type, payload, headers)
    SELECT gen_random_uuid(), 'product', id, version, 'product.updated', payload::jsonb,
           '{{"correlation_id": "{CORRELATION}"}}'
    FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS event (id, version, payload)
"""

versions = itertools.count(2)
"""Each larger than all before, so that every event is news."""


def product_updated(number: int, version: int) -> ProductUpdated:
    return ProductUpdated(
        id=data.product_id(number),
        version=version,
        sku=f"SKU-{number}",
        slug=f"product-{number}",
        name=f"Product “{number}” of version {version}",
        price=Decimal("19.99"),
        currency=data.CURRENCY,
        category_id=data.category_id(1),
        image_url=f"/media/product-{number}.png",
        is_active=True,
    )


def message(event: Event) -> Message:
    """As the relay makes it."""
    event_id, now = str(new_id()), datetime.now(UTC)
    body = encode(
        event_id=event_id,
        source=event.source,
        event_type=event.type,
        subject=event.subject,
        time=now,
        sequence=event.sequence,
        correlation_id=CORRELATION,
        data=event.model_dump_json(),
    )
    named = properties(
        event_id=event_id,
        source=event.source,
        event_type=event.type,
        time=now,
        sequence=event.sequence,
        correlation_id=CORRELATION,
        traceparent=None,
    )
    return body, named


async def into_outbox(database: asyncpg.Connection, events: Sequence[ProductUpdated]) -> None:
    await database.execute(
        FILL,
        [event.id for event in events],
        [event.version for event in events],
        [event.model_dump_json() for event in events],
    )


async def publish(channel: Channel, messages: Sequence[Message], *, queue: str = "") -> None:
    """To one queue, or to whoever listens to the catalog; returns when all are confirmed."""
    exchange, key = ("", queue) if queue else (CATALOG_EVENTS.name, ProductUpdated.type)
    await publishing.publish(channel, messages, exchange, key)
