"""From the bytes of a message to the event that they tell of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, get_args

from aio_pika.abc import AbstractIncomingMessage
from pydantic import ValidationError

from libs.contracts.base import Event
from libs.messaging.accounts import happened_at
from libs.messaging.cloudevents import Envelope, Undecodable
from libs.process.context import TRACEPARENT, correlation_id, event_id, traceparent, user_id


@dataclass(frozen=True, slots=True)
class Read:
    event: Event
    correlation_id: str
    happened_at: datetime

    def introduce(self) -> Self:
        """To whatever is logged and stored from here on."""
        correlation_id.set(self.correlation_id)
        happened_at.set(self.happened_at)
        if self.event.about is not None:
            user_id.set(str(self.event.about))
        return self


Reader = Callable[[bytes], Read]
"""Raises `Undecodable` for what does not fit."""


def reader(contract: Any) -> Reader:
    """`contract` is one event class or a union of them; the CloudEvents type says which."""
    events: tuple[type[Event], ...] = get_args(contract) or (contract,)
    classes: Mapping[str, type[Event]] = {event.type: event for event in events}

    def read(body: bytes) -> Read:
        envelope = Envelope.decode(body)
        known = classes.get(envelope.type)
        if known is None:
            raise Undecodable(f"unknown type {envelope.type!r}")
        try:
            event = known.model_validate(envelope.data)
        except ValidationError as error:
            raise Undecodable(f"not a {envelope.type}: {error}") from error
        return Read(event, envelope.correlation_id, envelope.time)

    return read


def introduce(message: AbstractIncomingMessage, trace: str | None) -> None:
    """What is known of a message before it is read."""
    _introduce(message.correlation_id or "-", trace, message.message_id)


def introduce_many() -> None:
    """None of them is the cause of what is logged and stored from here on."""
    _introduce("-", None, None)


def _introduce(correlation: str, trace: str | None, event: str | None) -> None:
    correlation_id.set(correlation)
    traceparent.set(trace)
    event_id.set(event)
    user_id.set(None)
    happened_at.set(None)


def trace_in(message: AbstractIncomingMessage) -> str | None:
    given = message.headers.get("traceparent")
    return given if isinstance(given, str) and TRACEPARENT.fullmatch(given) else None


def was_delivered_before(message: AbstractIncomingMessage) -> bool:
    return bool(message.redelivered or message.headers.get("x-delivery-count"))
