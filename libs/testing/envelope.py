"""Messages as whole envelopes, for tests that send some or look into them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from libs.broker.cloudevents import CloudEvent, encode


@dataclass(frozen=True, slots=True)
class Envelope:
    id: str
    source: str
    type: str
    subject: UUID
    time: datetime
    sequence: int
    correlation_id: str
    data: Mapping[str, Any]

    def encode(self) -> bytes:
        """As the relay does."""
        return encode(
            event_id=self.id,
            source=self.source,
            event_type=self.type,
            subject=self.subject,
            time=self.time,
            sequence=self.sequence,
            correlation_id=self.correlation_id,
            data=json.dumps(self.data),
        )

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Of any event, whether somebody knows its type or not. Raises `ValidationError`."""
        found = CloudEvent.model_validate_json(body)
        return cls(
            id=found.id,
            source=found.source,
            type=found.type,
            subject=found.subject,
            time=found.time,
            sequence=found.sequence,
            correlation_id=found.correlationid,
            data=found.data,
        )
