"""Messages come too often, too late or cannot be handled: nothing that was acknowledged is lost or there twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random

import pytest

from libs.contracts.topology import ORDER_PRODUCTS
from libs.testing.wait import until
from tests.faults.every_fault import OF_MESSAGES
from tests.faults.poison import HUGE, PATIENCE, Poison
from tests.faults.rest import at_rest
from tests.faults.soak import spell
from tests.faults.stage import Stage
from tests.faults.trial import try_out

# They share a shop, which takes long to start.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults of messages")]
SEED = 4
# What others do on this machine meanwhile must not fail a test: a message that held up others did so for seconds each.
SLOWER = 3
MORE = 10


@pytest.fixture
async def poison(stage: Stage) -> AsyncIterator[Poison]:
    poison = Poison(stage)
    yield poison
    await poison.throw_away()


@pytest.mark.parametrize("name", OF_MESSAGES)
async def test_nothing_is_lost(stage: Stage, name: str) -> None:
    await try_out(stage, OF_MESSAGES[name], Random(name))  # noqa: S311 - the same each time


async def test_a_spell_of_faults_at_random(stage: Stage) -> None:
    await spell(stage, Random(SEED))  # noqa: S311 - the same each time


async def test_the_others_do_not_wait(stage: Stage, poison: Poison) -> None:
    """Twenty that cannot be read and twenty that always raise, against the same thousand without them."""
    await poison.shorten_ladder()
    good = await poison.good_ones()
    undisturbed, _ = await asyncio.gather(poison.seconds_until_known(good), poison.tell(good))
    good = await poison.good_ones()
    half = len(good) // 2

    async def tell() -> None:
        await poison.tell(good[:half])
        for _ in range(20):
            await poison.send(decodable=False)
            await poison.send(price=HUGE)
        await poison.tell(good[half:])

    disturbed, _ = await asyncio.gather(poison.seconds_until_known(good), tell())
    assert disturbed <= undisturbed * SLOWER + MORE
    await at_rest(stage, parked=40)


async def test_a_message_that_kills_is_parked_and_no_neighbour_is(stage: Stage, poison: Poison) -> None:
    worker = stage.processes["order-worker"]
    good = await poison.good_ones()
    await worker.kill()
    half = len(good) // 2
    await poison.tell(good[:half])
    await until(lambda: _waiting(stage, half), timeout=PATIENCE)
    await poison.send_deadly()
    await poison.tell(good[half:])
    await until(lambda: _waiting(stage, len(good) + 1), timeout=PATIENCE)
    deadly = replace(worker, module="tests.faults.deadly")
    for _ in range(3):
        await deadly.launch()
        await deadly.died()
    await deadly.start()
    await until(lambda: _is_parked(stage), timeout=PATIENCE)
    await poison.seconds_until_known(good)
    await deadly.stop()
    await worker.start()
    await at_rest(stage, parked=1)


async def _waiting(stage: Stage, count: int) -> bool:
    return (await stage.queue(ORDER_PRODUCTS.name))[0] >= count


async def _is_parked(stage: Stage) -> bool:
    return (await stage.queue(ORDER_PRODUCTS.parked))[0] == 1
