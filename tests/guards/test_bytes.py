"""How large events are, as messages. Each of them goes over the wire some ten times, and to disk as often."""

import json
from pathlib import Path
from typing import Any

import pytest
from pamqp import frame
from pamqp.header import ContentHeader

from benchmarks.events import message, product_updated
from libs.contracts.auth import UserUpdated
from libs.contracts.base import Event
from libs.contracts.catalog import StockReserved
from libs.contracts.orders import OrderPlaced

SAMPLES = Path(__file__).parents[1] / "contracts" / "samples"


def order_placed(lines: int) -> OrderPlaced:
    placed = sample("order.placed")
    items = [{**placed["items"][0], "name": "A product whose name is of the usual length"}] * lines
    return OrderPlaced.model_validate({**placed, "items": items})


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())["data"]
    return found


def size(event: Event) -> int:
    """Of the properties and the body: all of a message but its address."""
    body, properties = message(event)
    return len(frame.marshal(ContentHeader(properties=properties, body_size=len(body)), 1)) + len(body)


@pytest.mark.parametrize(
    ("event", "most"),
    [
        (product_updated(1, 1), 760),
        (UserUpdated.model_validate(sample("user.updated")), 694),
        (StockReserved.model_validate(sample("stock.reserved")), 561),
        (order_placed(lines=3), 1138),
    ],
    ids=lambda value: value.type if isinstance(value, Event) else "",
)
def test_a_message_is_no_larger(event: Event, most: int) -> None:
    assert size(event) <= most


def test_an_order_grows_with_its_lines_alone() -> None:
    one, two, ten = [size(order_placed(lines)) for lines in (1, 2, 10)]
    assert ten - one == 9 * (two - one)
    assert two - one <= 162
