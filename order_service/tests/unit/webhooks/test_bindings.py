"""What the queue is bound to follows from what active webhooks ask for."""

from libs.contracts.topology import AUTH_EVENTS, CATALOG_EVENTS, EXCHANGES, ORDER_EVENTS
from libs.process.ids import new_id
from order_service.tests.things import LATER, NOW
from order_service.webhooks.bindings import requests_of
from order_service.webhooks.webhook import CLOCK_SKEW, Subscription


def test_without_webhooks_nothing_is_asked_for() -> None:
    assert requests_of([]) == {exchange: {} for exchange in EXCHANGES}


def test_of_each_exchange_what_it_has() -> None:
    types = ("order.paid", "user.*", "stock.rejected", "product.*")
    found = requests_of([Subscription(new_id(), dict.fromkeys(types, NOW))])
    assert {exchange: set(patterns) for exchange, patterns in found.items()} == {
        AUTH_EVENTS: {"user.*"},
        CATALOG_EVENTS: {"stock.rejected", "product.*"},
        ORDER_EVENTS: {"order.paid"},
    }


def test_everything_is_of_all_exchanges() -> None:
    found = requests_of([Subscription(new_id(), {"*": NOW})])
    assert found == {exchange: {"*.*": NOW - CLOCK_SKEW} for exchange in EXCHANGES}


def test_of_several_webhooks_the_earliest_counts() -> None:
    for moments in ((NOW, LATER), (LATER, NOW)):
        found = requests_of([Subscription(new_id(), {"order.*": since}) for since in moments])
        assert found[ORDER_EVENTS] == {"order.*": NOW - CLOCK_SKEW}


def test_a_type_that_is_gone_from_the_contracts_binds_nothing() -> None:
    assert not any(requests_of([Subscription(new_id(), {"order.lost": NOW})]).values())
