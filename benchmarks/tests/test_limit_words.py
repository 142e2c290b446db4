"""What limits write and send by themselves is, byte for byte, what the shop writes and sends."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from benchmarks.limits.envelope import enveloped, properties
from libs.broker import cloudevents

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)


@pytest.mark.parametrize("trace", [None, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])
def test_an_event_looks_the_same(trace: str | None) -> None:
    event_id, subject = str(UUID(int=1)), UUID(int=2)
    body = enveloped(event_id, "catalog", "stock.reserved", str(subject), NOW, 7, "-", '{"a":1}')
    named = properties(event_id, "catalog", "stock.reserved", NOW, 7, "-", trace)
    known = {
        "event_id": event_id,
        "source": "catalog",
        "event_type": "stock.reserved",
        "time": NOW,
        "sequence": 7,
        "correlation_id": "-",
    }
    assert body == cloudevents.encode(**known, subject=subject, data='{"a":1}')  # type: ignore[arg-type]
    assert named == cloudevents.properties(**known, traceparent=trace)  # type: ignore[arg-type]
