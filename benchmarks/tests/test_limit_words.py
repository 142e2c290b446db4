"""What limits write and send by themselves is, byte for byte, what the shop writes and sends."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from benchmarks import data
from benchmarks.limits.emails import letter
from benchmarks.limits.envelope import enveloped, properties
from libs.broker import cloudevents
from order_service.domain.notices import Letter, News
from order_service.domain.products import Line, Offer
from order_service.domain.status import Status
from order_service.gateways.letters import TemplateLetters

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
LINES = (
    Line(data.product_id(1), "Kettle “1” in red & white, <new>", Decimal("19.99"), 3),
    Line(data.product_id(2), "Lamp", Decimal("1200.00"), 1),
)
STATUSES = [
    (Status.PENDING, None),
    (Status.AWAITING_PAYMENT, NOW),
    (Status.AWAITING_PAYMENT, None),
    (Status.PAID, None),
]


@pytest.mark.parametrize(("status", "until"), STATUSES)
def test_a_letter_says_the_same(status: Status, until: datetime | None) -> None:
    subject, text, html = letter(told(status), "ann & bob", until)
    assert Letter(subject, text, html) == TemplateLetters().write(news(status, until), Offer(LINES, "EUR"))


def told(status: Status) -> dict[str, Any]:
    items = [
        {
            "product_id": str(line.product_id),
            "name": line.name,
            "unit_price": str(line.unit_price),
            "quantity": line.quantity,
            "line_total": str(line.total),
        }
        for line in LINES
    ]
    return {"id": str(data.order_id(1)), "status": status, "items": items, "total": "1259.97", "currency": "EUR"}


def news(status: Status, until: datetime | None) -> News:
    return News(
        order_id=data.order_id(1),
        version=1,
        status=status,
        before=None,
        reason=None,
        pay_until=until,
        is_told=False,
        is_customer_known=True,
        username="ann & bob",
    )


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
