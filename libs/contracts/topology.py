"""The shop's exchanges and queues, as plain data. `libs.broker.topology` declares them."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Exchange:
    """A topic exchange. The routing key is the event's type."""

    name: str
    source: str
    """The CloudEvents source of everything that is published here."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What one consumer reads."""

    name: str

    @property
    def parked(self) -> str:
        """Where a message waits for a person."""
        return f"{self.name}.parked"

    def retry(self, delay: str) -> str:
        return f"{self.name}.retry.{delay}"

    def places(self, retry_delays: Iterable[str]) -> tuple[str, ...]:
        """All queues that its messages may be in."""
        return (self.name, self.parked, *map(self.retry, retry_delays))


@dataclass(frozen=True, slots=True)
class StaticQueue(Queue):
    """Reads the events of one exchange whose type matches one of the patterns."""

    exchange: Exchange
    patterns: tuple[str, ...]

    def takes(self, event_type: str) -> bool:
        """Of the events of its exchange."""
        return any(fnmatchcase(event_type, pattern) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class DynamicQueue(Queue):
    """Gets what its consumer asks for, of any exchange: see docs/decisions/0017-consumers-request-bindings.md."""


AUTH_EVENTS = Exchange("auth.events", "/auth")
CATALOG_EVENTS = Exchange("catalog.events", "/catalog")
ORDER_EVENTS = Exchange("order.events", "/order")
EXCHANGES = (AUTH_EVENTS, CATALOG_EVENTS, ORDER_EVENTS)
EXCHANGE_OF_SOURCE = {exchange.source: exchange for exchange in EXCHANGES}

CATALOG_USERS = StaticQueue("catalog.users", AUTH_EVENTS, ("user.*",))
# What changes stock. `order.reserved`, `order.shipped` and `order.delivered` demand what the reservation has already.
CATALOG_ORDERS = StaticQueue(
    "catalog.orders",
    ORDER_EVENTS,
    (
        "order.placed",
        "order.amended",
        "order.paid",
        "order.rejected",
        "order.cancelled",
        "order.expired",
        "order.refunded",
    ),
)
ORDER_USERS = StaticQueue("order.users", AUTH_EVENTS, ("user.*",))
ORDER_PRODUCTS = StaticQueue("order.products", CATALOG_EVENTS, ("product.*",))
ORDER_STOCK = StaticQueue("order.stock", CATALOG_EVENTS, ("stock.*",))
ORDER_WEBHOOKS = DynamicQueue("order.webhooks")
QUEUES: tuple[StaticQueue | DynamicQueue, ...] = (
    CATALOG_USERS,
    CATALOG_ORDERS,
    ORDER_USERS,
    ORDER_PRODUCTS,
    ORDER_STOCK,
    ORDER_WEBHOOKS,
)

TRACE = "shop.trace"
"""The newest events of the whole shop, for a person with the management UI."""


def is_read(exchange: str, event_type: str) -> bool:
    """False if none of the shop's queues always takes such events: one that nobody asks for goes nowhere, rightly."""
    readers = [queue for queue in QUEUES if isinstance(queue, StaticQueue) and queue.exchange.name == exchange]
    return not readers or any(queue.takes(event_type) for queue in readers)
