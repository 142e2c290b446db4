"""Bindings that are lost, and made by others, while what they missed is told again."""

from contextlib import aclosing
from uuid import UUID

import pytest

from libs.broker import topology
from libs.broker.connection import BrokerAddress
from libs.outbox.binding_markers import BindingMarkers
from libs.outbox.binding_repair import BindingRepair
from libs.testing.environment import required
from libs.testing.wait import until
from libs.tests.messaging.publishing import Ear, Publisher, bound, replayed, told, unbind, whole
from libs.tests.messaging.shop import Shop, running


async def test_two_workers_do_it_at_once(shop: Shop) -> None:
    one, other, ear = Publisher(shop), Publisher(shop), Ear(shop)
    async with one.at_work(), other.at_work():
        await until(lambda: whole(shop))
        things = await told(shop)
        await shop.channel.queue_delete(shop.queue.name)
        things |= await told(shop)
        await until(lambda: whole(shop))
        await until(lambda: ear.has(things))
        # Only one of them tells it all again.
        await until(shop.nothing_waits)
    assert await replayed(shop) <= 2 * len(things)


async def test_a_binding_that_is_lost_while_all_is_told_again_is_told_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay that was under way must not vouch for what came after it."""
    ear, publisher = Ear(shop), Publisher(shop)
    rebind, lost = topology.rebind, set[UUID]()

    async def lose_it_once(amqp_url: str, *args: object, old: list[topology.Binding], **new: object) -> None:
        if not old and not lost and ear.heard:
            # The last step of the replay. Somebody unbinds it, another worker notices and binds anew, and dies.
            await unbind(shop)
            lost.update(await told(shop, 5))
            tokens = BindingMarkers.of_static(shop.queue)
            old_ones = tokens.obsolete(await bound(shop))
            await rebind(amqp_url, shop.queue.exchange, old=old_ones, new=tokens.new("another"))
        await rebind(amqp_url, *args, old=old, **new)  # type: ignore[arg-type] # passed on as they are.

    async with publisher.at_work():
        await until(lambda: whole(shop))
        things = await told(shop)
        await until(lambda: ear.has(things))
        monkeypatch.setattr(topology, "rebind", lose_it_once)
        await unbind(shop)
        await until(lambda: lost)
        await until(lambda: ear.has(lost))
        await until(lambda: whole(shop))


async def test_what_another_worker_bound_and_lost_again_meanwhile_is_told_again(shop: Shop) -> None:
    """Declaring takes long on a busy broker. The other one's tokens must not vouch for the second loss."""
    ear, lost = Ear(shop), set[UUID]()

    async def declare() -> None:
        await shop.declare_unbound()
        if lost:
            return
        tokens = BindingMarkers.of_static(shop.queue)
        made = [*tokens.new("another"), tokens.replayed("another")]
        await topology.rebind(shop.amqp_url, shop.queue.exchange, old=tokens.obsolete(await bound(shop)), new=made)
        await unbind(shop)
        lost.update(await told(shop, 5))

    await shop.declare_unbound()
    address = BrokerAddress(shop.amqp_url, required("RABBITMQ_UI_URL"))
    bindings = BindingRepair(shop.database_url, address, [shop.queue], declare=declare)
    async with running(shop.relay(declare=shop.declare_unbound).run), aclosing(bindings), running(bindings.run):
        # It is whole for a moment before, by the other one's tokens.
        await until(lambda: lost)
        await until(lambda: whole(shop))
        await until(lambda: ear.has(lost))
