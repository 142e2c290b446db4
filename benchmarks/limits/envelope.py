"""An event as it goes over the wire: the same bytes and the same properties as the shop's."""

from datetime import datetime
from typing import Any

from aiormq import spec


def enveloped(
    event_id: str, source: str, event_type: str, subject: str, time: datetime, version: int, correlation: str, data: str
) -> bytes:
    """Around data that is JSON already. Nothing in here has to be escaped, and moments are in UTC."""
    moment = time.isoformat().replace("+00:00", "Z")
    return (
        f'{{"specversion":"1.0","id":"{event_id}","source":"{source}","type":"{event_type}","subject":"{subject}",'
        f'"time":"{moment}","datacontenttype":"application/json","sequence":"{version}",'
        f'"correlationid":"{correlation}","data":{data}}}'
    ).encode()


def properties(
    event_id: str, source: str, event_type: str, time: datetime, version: int, correlation: str, trace: str | None
) -> spec.Basic.Properties:
    headers: dict[str, Any] = {"aggregate-version": version}
    if trace is not None:
        headers["traceparent"] = trace
    return spec.Basic.Properties(
        content_type="application/cloudevents+json",
        delivery_mode=2,
        message_id=event_id,
        message_type=event_type,
        app_id=source,
        timestamp=time,
        correlation_id=correlation,
        headers=headers,
    )
