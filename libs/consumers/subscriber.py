"""Subscribers on FastStream: a service names the queue, the contract and what to do.

    router = RabbitRouter()

    @subscriber(router, topology.CATALOG_USERS, UserEvent)
    async def users_changed(events: list[UserEvent], uow: Annotated[UnitOfWorkFactory, Given("uow")]) -> None:
        await follow_users(uow, events)

The handler returns when the effect of all is committed, and simply raises when it cannot: `libs.consumers.handler`
knows what follows. It runs at least once, so its effect must be guarded by each event's version.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from faststream import AckPolicy, BaseMiddleware
from faststream.message import StreamMessage
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue, RabbitRouter
from faststream.rabbit.subscriber import RabbitSubscriber

from libs.broker import tolerant_decoder
from libs.broker.connection import CONNECT_TIMEOUT, with_heartbeat
from libs.consumers.batching import PREFETCH, Batch, BatchingConsumer
from libs.consumers.handler import MessageHandler
from libs.consumers.message import event_decoder
from libs.contracts.topology import Queue

GRACEFUL_TIMEOUT = 10.0
RECONNECT_INTERVAL = 1.0


def subscriber(router: RabbitRouter, queue: Queue, contract: Any, *, whole: bool = False) -> RabbitSubscriber:
    """`contract` is one event class or a union of them.

    The handler gets a list of what is there, in one call after the other: of events or, `whole`, of `IncomingEvent`.
    If it raises, it is called again with each event alone, so that only the one to blame is retried or parked.
    """
    read = event_decoder(contract)

    async def parse(message: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
        return StreamMessage(message, body=b"") if isinstance(message, Batch) else await original(message)

    async def decode(message: StreamMessage[Any]) -> Any:
        raw = message.raw_message
        messages = raw.messages if isinstance(raw, Batch) else [read(message.body).bind_context()]
        return messages if whole else [each.event for each in messages]

    made = router.subscriber(
        # The topology is declared elsewhere, whole: here the queue only has to be there.
        RabbitQueue(queue.name, declare=False),
        channel=Channel(prefetch_count=PREFETCH, publisher_confirms=False),
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        parser=parse,
        decoder=decode,
    )
    made.consume = BatchingConsumer(made.consume, read).take  # type: ignore[method-assign, assignment] # FastStream has no batches here.
    return made


class _Guarded(BaseMiddleware[Any, Any]):
    """Hands each message or batch to `MessageHandler`, which calls the handler as often as it sees fit."""

    def __init__(self, message: Any, /, *, context: Any, handling: MessageHandler) -> None:
        super().__init__(message, context=context)
        self._handling = handling

    async def consume_scope(self, call_next: Callable[[Any], Any], msg: StreamMessage[Any]) -> None:
        queue = self.context.get_local("handler_").queue.name
        raw, call = msg.raw_message, partial(call_next, msg)
        await (self._handling.handle_batch if isinstance(raw, Batch) else self._handling.handle)(queue, raw, call)


def new_broker(amqp_url: str, handling: MessageHandler, context: Mapping[str, object]) -> RabbitBroker:
    """`context` is what handlers get by `Inject(name)`."""
    tolerant_decoder.patch_pamqp()
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
