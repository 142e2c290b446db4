"""Subscribers on FastStream: a service names the queue, the contract and what to do.

    router = RabbitRouter()

    @subscriber(router, topology.CATALOG_USERS, UserEvent)
    async def user_changed(event: UserEvent, uow: Annotated[UnitOfWorkFactory, Context("uow")]) -> None:
        await follow_user(uow, event)

The handler returns when its effect is committed, and simply raises when it cannot: `libs.messaging.handling` knows
what follows. It runs at least once, so its effect must be guarded by the event's version.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, get_args

from faststream import AckPolicy, BaseMiddleware
from faststream.message import StreamMessage
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue, RabbitRouter
from faststream.rabbit.subscriber import RabbitSubscriber
from pydantic import ValidationError

from libs.contracts.base import Event
from libs.contracts.topology import Queue
from libs.messaging import lenient
from libs.messaging.accounts import happened_at
from libs.messaging.cloudevents import Envelope, Undecodable
from libs.messaging.connection import CONNECT_TIMEOUT, with_heartbeat
from libs.messaging.handling import Handling
from libs.process.context import correlation_id, user_id

PREFETCH = 10
GRACEFUL_TIMEOUT = 10.0
RECONNECT_INTERVAL = 1.0


def subscriber(router: RabbitRouter, queue: Queue, contract: Any, *, prefetch: int = PREFETCH) -> RabbitSubscriber:
    """`contract` is one event class or a union of them. At most `prefetch` messages are handled at once."""
    return router.subscriber(
        # The topology is declared elsewhere, whole: here the queue only has to be there.
        RabbitQueue(queue.name, declare=False),
        channel=Channel(prefetch_count=prefetch, publisher_confirms=False),
        ack_policy=AckPolicy.MANUAL,
        decoder=decoder(contract),
        no_reply=True,
    )


def decoder(contract: Any) -> Callable[[StreamMessage[Any]], Any]:
    """Bytes to the contract's class, by the CloudEvents type. What does not fit raises `Undecodable`."""
    events: tuple[type[Event], ...] = get_args(contract) or (contract,)
    classes: Mapping[str, type[Event]] = {event.type: event for event in events}

    async def decode(message: StreamMessage[Any]) -> Event:
        envelope = Envelope.decode(message.body)
        known = classes.get(envelope.type)
        if known is None:
            raise Undecodable(f"unknown type {envelope.type!r}")
        try:
            event = known.model_validate(envelope.data)
        except ValidationError as error:
            raise Undecodable(f"not a {envelope.type}: {error}") from error
        # Whatever the handler stores carries it on.
        correlation_id.set(envelope.correlation_id)
        happened_at.set(envelope.time)
        if event.about is not None:
            user_id.set(str(event.about))
        return event

    return decode


class _Guarded(BaseMiddleware[Any, Any]):
    """Hands each message to `Handling`, which calls the handler as often as it sees fit."""

    def __init__(self, message: Any, /, *, context: Any, handling: Handling) -> None:
        super().__init__(message, context=context)
        self._handling = handling

    async def consume_scope(self, call_next: Callable[[Any], Any], msg: StreamMessage[Any]) -> None:
        queue = self.context.get_local("handler_").queue.name
        await self._handling.handle(queue, msg.raw_message, partial(call_next, msg))


def new_broker(amqp_url: str, handling: Handling, context: Mapping[str, object]) -> RabbitBroker:
    """`context` is what handlers get by `Context(name)`."""
    lenient.install()
    broker = RabbitBroker(
        with_heartbeat(amqp_url),
        timeout=CONNECT_TIMEOUT,
        reconnect_interval=RECONNECT_INTERVAL,
        graceful_timeout=GRACEFUL_TIMEOUT,
        middlewares=[partial(_Guarded, handling=handling)],
        logger=None,
    )
    for name, value in context.items():
        broker.context.set_global(name, value)
    return broker
