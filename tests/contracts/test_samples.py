"""Every event ever published can still be read.

A sample is a message as it went over the wire once. They are frozen: a contract that changes gets another sample
beside the old one (`user.created.2.json`), and no sample is ever edited.
"""

import json
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, get_args

import pytest

from libs.consumers.message import event_decoder
from libs.contracts.auth import UserEvent
from libs.contracts.base import Event
from libs.contracts.catalog import ProductEvent, StockEvent
from libs.contracts.orders import OrderEvent
from libs.contracts.topology import EXCHANGES, QUEUES, StaticQueue
from libs.testing.envelope import Envelope

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))
EVENTS: dict[str, type[Event]] = {
    event.type: event for union in (UserEvent, ProductEvent, StockEvent, OrderEvent) for event in get_args(union)
}


@pytest.fixture(params=SAMPLES, ids=[path.stem for path in SAMPLES])
def sample(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def read(sample: dict[str, Any]) -> tuple[Envelope, Event]:
    envelope = Envelope.decode(json.dumps(sample).encode())
    return envelope, EVENTS[envelope.type].model_validate(envelope.data)


def test_every_event_has_a_sample() -> None:
    assert {json.loads(path.read_text(encoding="utf-8"))["type"] for path in SAMPLES} == EVENTS.keys()


def test_a_sample_is_read_and_written_the_same(sample: dict[str, Any]) -> None:
    envelope, event = read(sample)
    assert event.model_dump(mode="json") == sample["data"]
    assert json.loads(envelope.encode()) == sample


def test_an_event_names_its_aggregate_as_its_envelope_does(sample: dict[str, Any]) -> None:
    envelope, event = read(sample)
    assert (event.source, event.type) == (sample["source"], sample["type"])
    assert (event.subject, event.sequence) == (envelope.subject, envelope.sequence)


def test_a_field_of_the_future_is_ignored(sample: dict[str, Any]) -> None:
    _, today = read(sample)
    items = [{**item, "gift": True} for item in sample["data"].get("items", [])]
    data = {**sample["data"], "mood": "sunny", **({"items": items} if items else {})}
    _, tomorrow = read({**sample, "data": data, "newattribute": 1})
    assert tomorrow == today


def test_every_event_goes_to_an_exchange_and_every_queue_knows_what_it_gets() -> None:
    assert {event.source for event in EVENTS.values()} == {exchange.source for exchange in EXCHANGES}
    for queue in QUEUES:
        if isinstance(queue, StaticQueue):
            told = [name for name, event in EVENTS.items() if event.source == queue.exchange.source]
            assert all(any(fnmatch(name, pattern) for name in told) for pattern in queue.patterns)


def test_a_union_has_each_type_once() -> None:
    for union in (UserEvent, ProductEvent, StockEvent, OrderEvent):
        assert len({event.type for event in get_args(union)}) == len(get_args(union))
        event_decoder(union)


@pytest.mark.parametrize("price", ["-1.00", "1.999", "NaN", "Infinity", "", None, "1e30"])
def test_money_that_is_none_breaks_the_contract(price: str | None) -> None:
    sample = json.loads((Path(__file__).parent / "samples" / "product.created.json").read_text(encoding="utf-8"))
    with pytest.raises(ValueError, match="price"):
        read({**sample, "data": {**sample["data"], "price": price}})
