"""The shop's exchanges and queues, as plain data. `libs.messaging.topology` declares them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """A topic exchange. The routing key is the event's type."""

    name: str
    source: str
    """The CloudEvents source of everything that is published here."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What one consumer reads: the events of one exchange whose type matches a pattern."""

    name: str
    exchange: Exchange
    pattern: str

    @property
    def parked(self) -> str:
        """Where a message waits for a person."""
        return f"{self.name}.parked"

    def retry(self, rung: str) -> str:
        return f"{self.name}.retry.{rung}"


AUTH_EVENTS = Exchange("auth.events", "/auth")
CATALOG_EVENTS = Exchange("catalog.events", "/catalog")
ORDER_EVENTS = Exchange("order.events", "/order")
EXCHANGES = (AUTH_EVENTS, CATALOG_EVENTS, ORDER_EVENTS)

CATALOG_USERS = Queue("catalog.users", AUTH_EVENTS, "user.*")
CATALOG_ORDERS = Queue("catalog.orders", ORDER_EVENTS, "order.*")
ORDER_USERS = Queue("order.users", AUTH_EVENTS, "user.*")
ORDER_PRODUCTS = Queue("order.products", CATALOG_EVENTS, "product.*")
ORDER_STOCK = Queue("order.stock", CATALOG_EVENTS, "stock.*")
ORDER_NOTIFICATIONS = Queue("order.notifications", ORDER_EVENTS, "order.*")
ORDER_WEBHOOKS_AUTH = Queue("order.webhooks.auth", AUTH_EVENTS, "*.*")
ORDER_WEBHOOKS_CATALOG = Queue("order.webhooks.catalog", CATALOG_EVENTS, "*.*")
ORDER_WEBHOOKS_ORDER = Queue("order.webhooks.order", ORDER_EVENTS, "*.*")
QUEUES = (
    CATALOG_USERS,
    CATALOG_ORDERS,
    ORDER_USERS,
    ORDER_PRODUCTS,
    ORDER_STOCK,
    ORDER_NOTIFICATIONS,
    ORDER_WEBHOOKS_AUTH,
    ORDER_WEBHOOKS_CATALOG,
    ORDER_WEBHOOKS_ORDER,
)

TRACE = "shop.trace"
"""The newest events of the whole shop, for a person with the management UI."""
