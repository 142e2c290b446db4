"""What the queue of the webhooks is to be bound to: only what an active webhook asks for."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from libs.contracts.events import EVENTS
from libs.contracts.topology import EXCHANGE_OF_SOURCE, EXCHANGES, Exchange
from libs.outbox.binding_requests import BindingRequests, Requests
from order_service.webhooks.ports import UnitOfWorkFactory
from order_service.webhooks.webhook import CLOCK_SKEW, Subscription, patterns_for

# By what webhooks ask for. What "*" asks for is anything of two words.
_EXCHANGES: Final = {
    pattern: {EXCHANGE_OF_SOURCE[event.source] for event in EVENTS if pattern in patterns_for(event.type)}
    for each in EVENTS
    for pattern in patterns_for(each.type)
}


class WebhookBindings:
    """Any number of workers may do this at once: what they ask for follows from the same rows."""

    def __init__(self, uow: UnitOfWorkFactory, requests: BindingRequests) -> None:
        self._uow = uow
        self._requests = requests

    async def reconcile(self) -> None:
        """For a timer."""
        async with self._uow() as work:
            subscriptions = await work.webhooks.subscriptions()
        await self._requests.make(requests_of(subscriptions))


def requests_of(subscriptions: Iterable[Subscription]) -> Requests:
    """For every exchange, also one of which nothing is asked for any more."""
    found: dict[Exchange, dict[str, datetime]] = {exchange: {} for exchange in EXCHANGES}
    for subscription in subscriptions:
        for pattern, since in subscription.since.items():
            for exchange in _EXCHANGES.get(pattern, ()):
                key = "*.*" if pattern == "*" else pattern
                earliest = since - CLOCK_SKEW
                found[exchange][key] = min(earliest, found[exchange].get(key, earliest))
    return found
