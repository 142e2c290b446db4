"""A thousand products that are told of, and messages among them that nobody can handle."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import asyncpg

from libs.broker.cloudevents import encode, properties
from libs.broker.confirmed_channel import ConfirmedChannel
from libs.contracts.catalog import ProductUpdated
from libs.contracts.topology import CATALOG_EVENTS, ORDER_PRODUCTS
from libs.process.ids import new_id
from libs.testing.wait import until
from tests.faults.cluster import Cluster
from tests.faults.crashing_handler import NAME
from tests.faults.write_log import CREATED

GOOD: Final = 1_000
PATIENCE: Final = 300
# More than the replica's column takes, and no more than the contract allows.
HUGE: Final = Decimal("9999999999.00")
MAKE: Final = f"""
    INSERT INTO products (id, sku, slug, name, sort_name, description, price, currency, attributes, image_urls,
                          search, version, created_at, updated_at)
    SELECT id, 'good ' || id, 'good-' || id, '{CREATED}', '{CREATED}', '', 9.99, 'EUR', '{{}}', '{{}}', '', 1,
           now(), now()
    FROM unnest($1::uuid[]) AS id
"""  # noqa: S608 - made of constants
TELL: Final = "INSERT INTO snapshot_requests (queue, ids, requested_by) VALUES ($1, $2, 'somebody')"
KNOWN: Final = "SELECT count(*) FROM products WHERE id = ANY($1::uuid[])"
# Milliseconds that messages stay in each retry queue. The lower of a queue's own time and this one counts.
LADDER: Final = {"5s": 500, "30s": 500, "5m": 45_000}


class BadMessages:
    def __init__(self, stage: Cluster) -> None:
        self._stage = stage
        self._publisher = ConfirmedChannel(stage.servers.amqp_url, _nothing)

    async def good_ones(self) -> list[UUID]:
        """In catalog, and not told of yet."""
        ids = [new_id() for _ in range(GOOD)]
        for each in ids:
            entry = self._stage.ledger.new("product", f"good {each}")
            entry.became(CREATED)
            entry.id = str(each)
        await self._execute("catalog", MAKE, ids)
        return ids

    async def tell(self, ids: list[UUID]) -> None:
        await self._execute("catalog", TELL, ORDER_PRODUCTS.name, ids)

    async def known(self, ids: list[UUID]) -> None:
        """Returns when order's replica has all of them."""
        async with self._stage.databases() as databases:

            async def all_known() -> bool:
                return bool(await databases["order"].fetchval(KNOWN, ids) == len(ids))

            await until(all_known, timeout=PATIENCE, every=0.1)

    async def send(self, *, name: str = "lamp", price: Decimal = Decimal(1), decodable: bool = True) -> str:
        """To the queue, of a product that nobody has. Returns the id of the event."""
        event = ProductUpdated(
            id=new_id(),
            version=1,
            sku=None,
            slug="lamp",
            name=name,
            price=price,
            currency="EUR",
            category_id=None,
            image_url=None,
            is_active=True,
        )
        facts: dict[str, Any] = {
            "event_id": str(new_id()),
            "source": CATALOG_EVENTS.source,
            "event_type": event.type,
            "time": datetime.now(UTC),
            "sequence": event.version,
            "correlation_id": "-",
        }
        body = encode(**facts, subject=event.id, data=event.model_dump_json()) if decodable else b"{nothing that ends"
        await self._publisher.send(ORDER_PRODUCTS.name, body, properties(**facts, traceparent=None))
        return str(facts["event_id"])

    async def send_deadly(self) -> str:
        return await self.send(name=NAME)

    async def change_ladder(self) -> None:
        for delay, stay in LADDER.items():
            policy = {"pattern": rf"\.retry\.{delay}$", "apply-to": "queues", "definition": {"message-ttl": stay}}
            (await self._stage.management.put(f"/api/policies/%2F/{delay}", json=policy)).raise_for_status()

    async def parked(self) -> list[str]:
        """The ids of what is."""
        looking = {"count": 2 * GOOD, "ackmode": "ack_requeue_true", "encoding": "auto"}
        found = await self._stage.management.post(f"/api/queues/%2F/{ORDER_PRODUCTS.parked}/get", json=looking)
        return [message["properties"]["message_id"] for message in found.raise_for_status().json()]

    async def throw_away(self) -> None:
        """What is parked, and the other retry delays."""
        await self._publisher.aclose()
        for delay in LADDER:
            await self._stage.management.delete(f"/api/policies/%2F/{delay}")
        await self._stage.purge(ORDER_PRODUCTS.parked)

    async def _execute(self, service: str, query: str, *arguments: object) -> None:
        connection = await asyncpg.connect(self._stage.servers.databases[service])
        try:
            await connection.execute(query, *arguments)
        finally:
            await connection.close()


async def _nothing() -> None:
    """The shop has declared everything."""
