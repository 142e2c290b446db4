"""All events of the shop as one AsyncAPI 3.0 document, made of the contracts and the topology."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from libs.contracts.base import Event
from libs.contracts.events import EVENTS
from libs.contracts.topology import EXCHANGE_OF_SOURCE, QUEUES, TRACE, Queue, StaticQueue

Json = dict[str, Any]

CONTENT_TYPE: Final = "application/cloudevents+json"
RULE: Final = (
    "An event carries the whole public state of its aggregate at one version. A consumer keeps the newest version that"
    " it has applied of each aggregate and applies only what is newer, so events may come again and in any order."
)


def document(version: str, retry_delays: Sequence[str], examples: Mapping[str, Json] | None = None) -> Json:
    """`version` is the project's, `retry_delays` name the retry queues. `examples` are whole messages by event type."""
    _, definitions = models_json_schema(
        [(event, "serialization") for event in EVENTS], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Shop Events", "version": version, "description": RULE},
        "defaultContentType": CONTENT_TYPE,
        "servers": {"rabbitmq": {"host": "localhost:5672", "protocol": "amqp", "protocolVersion": "0.9.1"}},
        "channels": {
            **{event.type: _event_channel(event) for event in EVENTS},
            **{queue.name: _queue_channel(queue, retry_delays) for queue in QUEUES},
            TRACE: _trace_channel(),
        },
        "operations": {
            **{f"publish.{event.type}": _operation("send", event.type, _service(event.source)) for event in EVENTS},
            **{
                f"read.{queue.name}": _operation("receive", queue.name, queue.name.partition(".")[0])
                for queue in QUEUES
            },
        },
        "components": {
            "messages": {event.type: _message(event, (examples or {}).get(event.type)) for event in EVENTS},
            "schemas": definitions.get("$defs", {}),
        },
    }


def events_of(queue: Queue) -> tuple[type[Event], ...]:
    """Those that a queue may receive; a dynamic one whatever its consumer asks for."""
    if not isinstance(queue, StaticQueue):
        return EVENTS
    return tuple(event for event in EVENTS if event.source == queue.exchange.source and queue.takes(event.type))


def _service(source: str) -> str:
    return source.removeprefix("/")


def _event_channel(event: type[Event]) -> Json:
    return {
        "address": event.type,
        "description": f"Published by {_service(event.source)}'s worker from its outbox.",
        "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"}},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {
                    "name": EXCHANGE_OF_SOURCE[event.source].name,
                    "type": "topic",
                    "durable": True,
                    "autoDelete": False,
                },
                "bindingVersion": "0.3.0",
            }
        },
    }


def _queue_channel(queue: Queue, retry_delays: Sequence[str]) -> Json:
    if isinstance(queue, StaticQueue):
        bound = f"Bound to `{queue.exchange.name}` by {', '.join(f'`{each}`' for each in queue.patterns)}."
    else:
        bound = "Bound to what its consumer asks for, and to nothing while no webhook endpoint exists."
    retries = ", ".join(f"`{queue.retry(delay)}`" for delay in retry_delays)
    failures = (
        f" A message whose handler fails waits in {retries}, in turn, then in `{queue.parked}` for a person;"
        " what cannot be decoded is parked at once."
    )
    return _amqp_queue(queue.name, bound + failures, events_of(queue))


def _trace_channel() -> Json:
    text = "The newest 10,000 events of the shop, for a person with RabbitMQ's management UI. No service reads it."
    return _amqp_queue(TRACE, text, EVENTS)


def _amqp_queue(name: str, description: str, events: tuple[type[Event], ...]) -> Json:
    return {
        "address": name,
        "description": description,
        "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"} for event in events},
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": {"name": name, "durable": True, "exclusive": False, "autoDelete": False},
                "bindingVersion": "0.3.0",
            }
        },
    }


def _operation(action: str, channel: str, service: str) -> Json:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "tags": [{"name": service}]}


def _message(event: type[Event], example: Json | None) -> Json:
    message: Json = {
        "name": event.type,
        "title": event.__name__,
        "contentType": CONTENT_TYPE,
        "headers": {
            "type": "object",
            "properties": {
                "aggregate-version": {"type": "integer", "description": "The same as `sequence`."},
                "traceparent": {"type": "string", "description": "W3C trace context of what caused the event."},
            },
            "required": ["aggregate-version"],
        },
        "payload": _envelope(event),
    }
    return message if example is None else message | {"examples": [{"payload": example}]}


def _envelope(event: type[Event]) -> Json:
    """CloudEvents 1.0 in structured JSON."""
    attributes: Json = {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid", "description": "Of the event: the same if it comes again."},
        "source": {"const": event.source},
        "type": {"const": event.type},
        "subject": {"type": "string", "format": "uuid", "description": f"The {event.aggregate}'s id."},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "sequence": {"type": "string", "pattern": "^[0-9]+$", "description": f"The {event.aggregate}'s version."},
        "correlationid": {"type": "string", "maxLength": 200, "description": "The request that caused it."},
        "data": {"$ref": f"#/components/schemas/{event.__name__}"},
    }
    optional = {"datacontenttype", "correlationid"}
    return {
        "type": "object",
        "properties": attributes,
        "required": [name for name in attributes if name not in optional],
    }
