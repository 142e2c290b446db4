"""Every place that could name a user who was deleted, and what is found there. See docs/architecture/erasure.md."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity
from rich.table import Table

from libs.broker.queue_snapshot import hold_queue
from libs.broker.topology import RETRY_DELAYS
from libs.contracts.topology import AUTH_EVENTS, QUEUES, TRACE, StaticQueue
from libs.privacy.queue_scrubber import has_personal_data, ids_in, is_from
from ops.verify.databases import Databases
from ops.verify.invariants import FINAL


@dataclass(frozen=True, slots=True)
class Location:
    """Rows are asked for as (those about the user, those of them that name them)."""

    service: str
    name: str
    rows: str


@dataclass(frozen=True, slots=True)
class ScanResult:
    place: str
    looked_at: int
    """Rows about the user, or messages about anybody."""
    found: int
    on_their_way: int = 0
    """Messages that a consumer is just taking, which nobody else can look at."""


@dataclass(frozen=True, slots=True)
class Erased:
    user_id: UUID
    places: Sequence[ScanResult]

    @property
    def is_clean(self) -> bool:
        return not any(place.found for place in self.places)

    def as_json(self) -> dict[str, Any]:
        return {"user_id": self.user_id, "is_clean": self.is_clean, "places": [asdict(place) for place in self.places]}

    def tables(self) -> Iterator[Table]:
        table = Table("place", "looked at", "names them", title=f"user {self.user_id}")
        for place in self.places:
            looked_at = f"{place.looked_at:,}" + (f" (+{place.on_their_way} on their way)" * bool(place.on_their_way))
            table.add_row(place.place, looked_at, f"[red]{place.found:,}[/]" if place.found else "[green]-[/]")
        yield table


def _all(table: str, column: str) -> str:
    return f"SELECT count(*), count(*) FROM {table} WHERE {column} = $1"  # noqa: S608 - made of constants


def _those(table: str, column: str, naming: str) -> str:
    return f"SELECT count(*), count(*) FILTER (WHERE {naming}) FROM {table} WHERE {column} = $1"  # noqa: S608


def _of_orders(table: str, column: str, naming: str) -> str:
    """What belongs to the user's orders."""
    return f"""
        SELECT count(*), count(*) FILTER (WHERE {naming}) FROM {table}
        WHERE {column} IN (SELECT id FROM orders WHERE user_id = $1)
    """  # noqa: S608 - made of constants


_OF_USER: Final = "aggregate = 'user' AND aggregate_id"
_NAMED_USER: Final = "type <> 'user.deleted'"
_NAMED_ORDER: Final = "username <> 'deleted user' OR num_nonnulls(delivery_address, comment) > 0"
_NAMED_EVENT: Final = "payload ?| ARRAY['username', 'email', 'delivery_address', 'comment']"
# People by their ids, and parts of the shop.
_ACTOR: Final = "^((user|admin):[0-9a-f-]{36}|[a-z]+)$"

LOCATIONS: Final = (
    Location("auth", "users", _all("users", "id")),
    Location("auth", "deleted users", _those("deleted_users", "id", "false")),
    Location("auth", "refresh tokens", _all("refresh_families", "user_id")),
    Location(
        "auth",
        "attempts to log in",
        "SELECT count(*), count(*) FROM login_attempts WHERE account = sha256(convert_to('user ' || $1::uuid, 'UTF8'))",
    ),
    Location("auth", "outbox", _those("outbox", _OF_USER, _NAMED_USER)),
    Location("auth", "events sent", _those("outbox_sent", _OF_USER, _NAMED_USER)),
    Location("catalog", "users", _those("users", "id", "deleted_at IS NULL OR num_nonnulls(username, role) > 0")),
    Location("catalog", "stock ledger", _those("stock_ledger", "actor_id", "actor <> 'deleted user'")),
    Location(
        "order",
        "users",
        _those("users", "id", "deleted_at IS NULL OR num_nonnulls(username, email, role, is_active) > 0"),
    ),
    Location("order", "final orders", _those("orders", f"status IN {FINAL} AND user_id", _NAMED_ORDER)),
    Location("order", "open orders", _those("orders", f"status NOT IN {FINAL} AND user_id", _NAMED_ORDER)),
    Location("order", "histories", _of_orders("order_history", "order_id", f"actor !~ '{_ACTOR}'")),
    Location("order", "payments", _of_orders("payments", "order_id", "token IS NOT NULL")),
    Location("order", "e-mails", _of_orders("emails", "order_id", "num_nonnulls(due_at, reason) > 0")),
    Location("order", "carts", _all("carts", "user_id")),
    Location("order", "stored answers", _all("idempotency_keys", "user_id")),
    Location("order", "told to webhooks", _those("webhook_events", "subject", _NAMED_USER)),
    Location("order", "outbox", _of_orders("outbox", "aggregate_id", _NAMED_EVENT)),
    Location("order", "events sent", _of_orders("outbox_sent", "aggregate_id", _NAMED_EVENT)),
)


_QUEUES: Final = (
    *(
        name
        for queue in QUEUES
        if not isinstance(queue, StaticQueue) or queue.exchange == AUTH_EVENTS
        for name in queue.places(delay.name for delay in RETRY_DELAYS)
    ),
    TRACE,
)


async def look(databases: Databases, connection: AbstractConnection, user_id: UUID) -> Erased:
    """Nothing is changed. Messages are looked at in one's hands, and put back in their order."""
    seen = []
    for place in LOCATIONS:
        looked_at, found = await databases[place.service].fetchrow(place.rows, user_id)
        seen.append(ScanResult(f"{place.service}: {place.name}", looked_at, found))
    return Erased(user_id, seen + [await _messages(connection, name, user_id) for name in _QUEUES])


async def _messages(connection: AbstractConnection, name: str, user_id: UUID) -> ScanResult:
    place = f"RabbitMQ: {name}"
    waiting, is_read = await _state(connection, name)
    if is_read or not waiting:
        return ScanResult(place, 0, 0, waiting)
    async with hold_queue(connection, name) as hand:
        bodies = [message.body for message in hand.messages if is_from(AUTH_EVENTS, message, name)]
        found = sum(user_id in ids_in(body) and has_personal_data(body) for body in bodies)
        return ScanResult(place, len(hand.messages), found)


async def _state(connection: AbstractConnection, name: str) -> tuple[int, bool]:
    """How many messages wait, and whether somebody is there to take them."""
    async with connection.channel(publisher_confirms=False) as channel:
        try:
            there = (await channel.declare_queue(name, passive=True)).declaration_result
        except ChannelNotFoundEntity:
            # No worker has ever run on this broker.
            return 0, False
        return there.message_count or 0, bool(there.consumer_count)
