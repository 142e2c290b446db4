"""Which events a queue has to take."""

from collections.abc import Iterator

import pytest

from libs.contracts import auth, catalog, orders
from libs.contracts.topology import AUTH_EVENTS, CATALOG_EVENTS, ORDER_EVENTS, Exchange, is_read

UNREAD = {"order.reserved", "order.shipped", "order.delivered"}


def types() -> Iterator[tuple[Exchange, str]]:
    for exchange, module in ((AUTH_EVENTS, auth), (CATALOG_EVENTS, catalog), (ORDER_EVENTS, orders)):
        for value in vars(module).values():
            if isinstance(value, type) and isinstance(type_ := getattr(value, "type", None), str):
                yield exchange, type_


@pytest.mark.parametrize(("exchange", "type_"), sorted(set(types()), key=str))
def test_all_but_those_that_only_webhooks_and_the_trace_read(exchange: Exchange, type_: str) -> None:
    assert is_read(exchange.name, type_) is (type_ not in UNREAD)


def test_an_exchange_without_readers_and_a_queue_of_its_own_are_taken_seriously() -> None:
    assert is_read("things.events", "thing.changed")
    assert is_read("", "order.users")
