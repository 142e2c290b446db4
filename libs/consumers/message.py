"""From the bytes of a message to the event that they tell of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, Self, get_args

from aio_pika.abc import AbstractIncomingMessage
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, create_model

from libs.broker.cloudevents import CloudEvent, DecodeError
from libs.consumers.metrics import occurred_at
from libs.contracts.base import Event
from libs.observability.context import (
    TRACEPARENT,
    Subject,
    TraceContext,
    correlation_id,
    event_id,
    trace_contexts,
    traceparent,
    user_id,
)


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """A message, understood."""

    event: Event
    id: str
    correlation_id: str
    occurred_at: datetime
    body: bytes
    """As it came."""

    def bind_context(self) -> Self:
        """To whatever is logged and stored from here on."""
        correlation_id.set(self.correlation_id)
        occurred_at.set(self.occurred_at)
        if self.event.about is not None:
            user_id.set(str(self.event.about))
        return self


Decoder = Callable[[bytes], IncomingEvent]
"""Raises `DecodeError` for what does not fit."""


def event_decoder(contract: Any) -> Decoder:
    """`contract` is one event class or a union of them; the CloudEvents type says which."""
    events: tuple[type[Event], ...] = get_args(contract) or (contract,)
    one_of_them: Any = Annotated[reduce(or_, map(_message_of, events)), Field(discriminator="type")]
    messages: TypeAdapter[Any] = TypeAdapter(one_of_them, config=ConfigDict(hide_input_in_errors=True))

    def read(body: bytes) -> IncomingEvent:
        try:
            # Envelope and event at once, with nothing in between that Python has to make: every event comes by here.
            found = messages.validate_json(body)
        except ValidationError as error:
            raise DecodeError(f"not an event that is expected here: {error}") from error
        return IncomingEvent(found.data, found.id, found.correlationid, found.time, body)

    return read


def _message_of(event: type[Event]) -> type[CloudEvent]:
    # A type with one value, which pydantic wants to tell them apart by.
    named: Any = (Literal[event.type], ...)
    return create_model(event.__name__, __base__=CloudEvent, type=named, data=(event, ...))


def bind_context(message: AbstractIncomingMessage, trace: str | None) -> None:
    """What is known of a message before it is read."""
    _bind({}, message.correlation_id or "-", trace, message.message_id)


def bind_batch_context(each_for: Mapping[Subject, TraceContext]) -> None:
    """None of them is the cause of all that is logged and stored from here on, but each of what it is `each_for`."""
    _bind(each_for, "-", None, None)


def _bind(each_for: Mapping[Subject, TraceContext], correlation: str, trace: str | None, event: str | None) -> None:
    trace_contexts.set(each_for)
    correlation_id.set(correlation)
    traceparent.set(trace)
    event_id.set(event)
    user_id.set(None)
    occurred_at.set(None)


def trace_header(message: AbstractIncomingMessage) -> str | None:
    given = message.headers.get("traceparent")
    return given if isinstance(given, str) and TRACEPARENT.fullmatch(given) else None


def is_redelivered(message: AbstractIncomingMessage) -> bool:
    return bool(message.redelivered or message.headers.get("x-delivery-count"))
