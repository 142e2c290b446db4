"""How large events are. Each of them goes over the wire some ten times, and to disk as often."""

import json
from pathlib import Path

import pytest

from libs.contracts.orders import OrderPlaced
from tests.bench.events import message, product_updated

SAMPLES = Path(__file__).parents[1] / "contracts" / "samples"
ENVELOPE = 450


def test_an_event_of_a_product() -> None:
    body, _ = message(product_updated(1, 1))
    assert len(body) <= ENVELOPE + 450


@pytest.mark.parametrize("lines", [1, 3, 10])
def test_an_event_of_an_order_grows_with_its_lines_alone(lines: int) -> None:
    sample = json.loads((SAMPLES / "order.placed.json").read_text())["data"]
    items = [{**sample["items"][0], "name": "A product whose name is of the usual length"}] * lines
    placed = OrderPlaced.model_validate({**sample, "items": items})
    assert len(placed.model_dump_json()) <= 300 + 220 * lines
