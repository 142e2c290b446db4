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

from libs.contracts.topology import QUEUES, TRACE, Exchange, StaticQueue
from libs.messaging.connection import BROKER_ERRORS, answering, connect, hang_up
from libs.messaging.in_hand import InHandError, in_hand

_UUID: Final = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# All that the news of a deletion says.
_NAMELESS: Final = frozenset({"id", "version"})

logger = logging.getLogger(__name__)

Gone = Callable[[Collection[UUID]], Awaitable[Collection[UUID]]]
"""Those of the ids that are of somebody who is gone."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Of one exchange, whose messages tell of people. Several workers may do it at once."""

    amqp_url: str
    exchange: Exchange
    gone: Gone
    is_anybody_looked_for: Callable[[], Awaitable[bool]]
    """What is parked may have been parked late; the trace has what was published, and is left in peace otherwise."""

    async def forget(self) -> None:
        """For a timer. Where the broker is away, or somebody has a queue in hand, there is a next time."""
        places = [
            queue.parked for queue in QUEUES if not isinstance(queue, StaticQueue) or queue.exchange == self.exchange
        ]
        if await self.is_anybody_looked_for():
            places.append(TRACE)
        with _told():
            connection = await connect(self.amqp_url)
            try:
                for place in places:
                    # One that cannot be looked at keeps nobody from looking at the others.
                    with _told():
                        async with answering(None):
                            await self._forget(connection, place)
            finally:
                await hang_up(connection)

    async def _forget(self, connection: AbstractConnection, place: str) -> None:
        async with in_hand(connection, place) as hand:
            named = {
                message.delivery_tag: ids_in(message.body)
                for message in hand.messages
                if self._is_ours(message, place) and tells_names(message.body)
            }
            ids = set().union(*named.values())
            gone = set(await self.gone(ids)) if ids else set()
            doomed: Sequence[AbstractIncomingMessage] = [
                message for message in hand.messages if named.get(message.delivery_tag, set()) & gone
            ]
            if doomed:
                await hand.let_go(doomed)
                logger.info("%d messages about deleted users were taken out of %s", len(doomed), place)

    def _is_ours(self, message: AbstractIncomingMessage, place: str) -> bool:
        return is_from(self.exchange, message, place)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (InHandError, *BROKER_ERRORS) as error:
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


def tells_names(body: bytes) -> bool:
    """False for the news that somebody is gone, which is kept."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return True
    data = event.get("data") if isinstance(event, dict) else None
    return not (isinstance(data, dict) and data.keys() <= _NAMELESS)
