"""Taking what names people who are gone out of where messages stay: parked ones, and the trace.

What only passes through is not looked at: a queue is read by its consumer, and a retry waits for five minutes at most.
Their tombstone keeps either from becoming more than a message that was handled.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from libs.broker.connection import BROKER_ERRORS, broker_timeout, close_quietly, connect
from libs.broker.queue_snapshot import QueueBusyError, hold_queue
from libs.contracts.topology import QUEUES, TRACE, Exchange, StaticQueue

_UUID: Final = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# All that the news of a deletion says.
_NAMELESS: Final = frozenset({"id", "version"})

logger = logging.getLogger(__name__)

DeletedAmong = Callable[[Collection[UUID]], Awaitable[Collection[UUID]]]
"""Those of the ids that are of somebody who is gone."""


@dataclass(frozen=True, slots=True)
class QueueScrubber:
    """Of one exchange, whose messages tell of people. Several workers may do it at once."""

    amqp_url: str
    exchange: Exchange
    deleted_among: DeletedAmong
    has_pending_erasures: Callable[[], Awaitable[bool]]
    """What is parked may have been parked late; the trace has what was published, and is left in peace otherwise."""

    async def scrub(self) -> None:
        """For a timer. Where the broker is away, or somebody has a queue in hand, there is a next time."""
        places = [
            queue.parked for queue in QUEUES if not isinstance(queue, StaticQueue) or queue.exchange == self.exchange
        ]
        if await self.has_pending_erasures():
            places.append(TRACE)
        with _logged():
            connection = await connect(self.amqp_url)
            try:
                for place in places:
                    # One that cannot be looked at keeps nobody from looking at the others.
                    with _logged():
                        async with broker_timeout(None):
                            await self._scrub(connection, place)
            finally:
                await close_quietly(connection)

    async def _scrub(self, connection: AbstractConnection, place: str) -> None:
        async with hold_queue(connection, place) as hand:
            named = {
                message.delivery_tag: ids_in(message.body)
                for message in hand.messages
                if self._is_ours(message, place) and has_personal_data(message.body)
            }
            ids = set().union(*named.values())
            gone = set(await self.deleted_among(ids)) if ids else set()
            doomed: Sequence[AbstractIncomingMessage] = [
                message for message in hand.messages if named.get(message.delivery_tag, set()) & gone
            ]
            if doomed:
                await hand.ack(doomed)
                logger.info("%d messages about deleted users were taken out of %s", len(doomed), place)

    def _is_ours(self, message: AbstractIncomingMessage, place: str) -> bool:
        return is_from(self.exchange, message, place)


@contextmanager
def _logged() -> Iterator[None]:
    try:
        yield
    except (QueueBusyError, *BROKER_ERRORS) as error:
        logger.warning("What names deleted users could not be looked for: %s", str(error) or type(error).__name__)


def is_from(exchange: Exchange, message: AbstractIncomingMessage, place: str) -> bool:
    """False for what surely came by another exchange: some places get the messages of several."""
    if place == TRACE:
        return message.exchange == exchange.name
    try:
        event = json.loads(message.body)
    except (ValueError, RecursionError):
        return True
    return not isinstance(event, dict) or event.get("source", exchange.source) == exchange.source


def ids_in(body: bytes) -> set[UUID]:
    """All of them, as what cannot be decoded may name somebody as well."""
    return {UUID(found.decode()) for found in _UUID.findall(body)}


def has_personal_data(body: bytes) -> bool:
    """False for the news that somebody is gone, which is kept."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return True
    data = event.get("data") if isinstance(event, dict) else None
    return not (isinstance(data, dict) and data.keys() <= _NAMELESS)
