"""A publisher at work, what it tells, and what of it gets to a queue."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from uuid import UUID

from sqlalchemy import text

from libs.broker import topology
from libs.broker.connection import BrokerAddress
from libs.broker.management import Management
from libs.contracts.topology import DynamicQueue, Queue
from libs.outbox.binding_markers import BindingMarkers
from libs.outbox.binding_repair import BindingRepair
from libs.process.ids import new_id
from libs.testing.envelope import Envelope
from libs.testing.environment import required
from libs.testing.wait import until
from libs.tests.messaging.shop import Shop, running
from libs.tests.messaging.things import ThingChanged


class Publisher:
    """What a publisher's worker runs."""

    def __init__(self, shop: Shop, *dynamic: DynamicQueue, ui_url: str | None = None) -> None:
        address = BrokerAddress(shop.amqp_url, required("RABBITMQ_UI_URL") if ui_url is None else ui_url)
        self.bindings = BindingRepair(
            shop.database_url, address, [shop.queue], declare=shop.declare_unbound, dynamic=dynamic
        )
        self.relay = shop.relay(declare=self.bindings.declare)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        async with aclosing(self.bindings), running(self.bindings.run), running(self.relay.run):
            yield

    def look(self) -> None:
        """Now, not at the next time."""
        self.bindings._woken.set()  # noqa: SLF001 - a test that waits for it cannot know what was told meanwhile.


class Ear:
    """Takes what is in the queue."""

    def __init__(self, shop: Shop, queue: Queue | None = None) -> None:
        self._shop = shop
        self._queue = queue or shop.queue
        self.heard: set[UUID] = set()

    async def has(self, things: set[UUID]) -> bool:
        queue = await self._shop.channel.get_queue(self._queue.name)
        while (message := await queue.get(no_ack=True, fail=False)) is not None:
            self.heard.add(Envelope.decode(message.body).subject)
        return things <= self.heard


async def bound(shop: Shop) -> frozenset[topology.Binding]:
    management = Management(BrokerAddress(shop.amqp_url, required("RABBITMQ_UI_URL")))
    async with aclosing(management):
        return await management.bindings(shop.queue.exchange)


async def whole(shop: Shop) -> bool:
    return BindingMarkers.of_static(shop.queue).is_whole(await bound(shop))


async def told(shop: Shop, count: int = 20) -> set[UUID]:
    """New things whose events have left the outbox."""
    things = [ThingChanged(id=new_id(), version=1, name="thing") for _ in range(count)]
    await shop.store(*things)
    await until(shop.nothing_waits)
    return {thing.id for thing in things}


async def unbind(shop: Shop) -> None:
    queue = await shop.channel.get_queue(shop.queue.name)
    for pattern in shop.queue.patterns:
        await queue.unbind(shop.queue.exchange.name, pattern)


async def replayed(shop: Shop) -> int:
    async with shop.engine.connect() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM outbox_sent WHERE queue <> ''")) or 0)
