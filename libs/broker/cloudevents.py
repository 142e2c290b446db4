"""CloudEvents 1.0 in structured JSON, and the same facts as AMQP properties, for filters and for people."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from aiormq import spec
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from libs.contracts.base import Text

CONTENT_TYPE = "application/cloudevents+json"
PERSISTENT = 2
MAX_STRING_LENGTH = 255


class DecodeError(Exception):
    """These bytes are not an event that this reader knows, and will not become one by trying again."""


class CloudEvent(BaseModel):
    """What must be there. Attributes that we do not know are someone else's business."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: UUID
    time: AwareDatetime
    sequence: int
    # The handler may store it, and PostgreSQL cannot store NUL.
    correlationid: Annotated[Text, Field(max_length=200)] = "-"
    data: dict[str, Any]


def encode(
    *,
    event_id: str,
    source: str,
    event_type: str,
    subject: UUID,
    time: datetime,
    sequence: int,
    correlation_id: str,
    data: str,
) -> bytes:
    """The envelope around data that is JSON already: the relay never takes an event apart."""
    moment = time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return (
        f'{{"specversion":"1.0","id":"{event_id}","source":"{source}","type":{json.dumps(event_type)},'
        f'"subject":"{subject}","time":"{moment}","datacontenttype":"application/json","sequence":"{sequence}",'
        f'"correlationid":{json.dumps(correlation_id)},"data":{data}}}'
    ).encode()


def properties(
    *,
    event_id: str,
    source: str,
    event_type: str,
    time: datetime,
    sequence: int,
    correlation_id: str,
    traceparent: str | None,
) -> spec.Basic.Properties:
    headers: dict[str, Any] = {"aggregate-version": sequence}
    if traceparent is not None:
        headers["traceparent"] = traceparent
    return spec.Basic.Properties(
        content_type=CONTENT_TYPE,
        delivery_mode=PERSISTENT,
        message_id=event_id,
        message_type=event_type,
        app_id=source,
        timestamp=time,
        # Somebody else's may be longer than AMQP's strings. An event must not wait for ever for that.
        correlation_id=correlation_id.encode()[:MAX_STRING_LENGTH].decode(errors="ignore"),
        headers=headers,
    )
