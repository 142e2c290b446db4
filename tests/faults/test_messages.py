"""Messages come too often, too late or cannot be handled: nothing that was acknowledged is lost or there twice."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from random import Random

import pytest

from libs.consumers.handler import MAX_CRASHES
from libs.contracts.topology import ORDER_PRODUCTS
from libs.testing.wait import until
from tests.faults.bad_messages import HUGE, PATIENCE, BadMessages
from tests.faults.cluster import Cluster
from tests.faults.every_fault import OF_MESSAGES
from tests.faults.quiescence import wait_until_quiescent
from tests.faults.scenario import run_scenario
from tests.faults.soak import spell

# They share a shop, which takes long to start.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults of processes and messages")]
SEED = 9
# Good ones in a row, and what there is in all of each kind that is bad.
PORTION = 250
BAD = 20


@pytest.fixture
async def poison(stage: Cluster) -> AsyncIterator[BadMessages]:
    poison = BadMessages(stage)
    yield poison
    await poison.throw_away()


@pytest.mark.parametrize("name", OF_MESSAGES)
async def test_nothing_is_lost(stage: Cluster, name: str) -> None:
    await run_scenario(stage, OF_MESSAGES[name], Random(name))  # noqa: S311 - the same each time


async def test_a_spell_of_faults_at_random(stage: Cluster) -> None:
    await spell(stage, Random(SEED))  # noqa: S311 - the same each time


async def test_exactly_what_cannot_be_handled_is_parked_and_nothing_waits_for_it(
    stage: Cluster, poison: BadMessages
) -> None:
    """Twenty that cannot be read, twenty that always raise and one that kills its process, among a thousand.

    Whether one waits for another is told by the order in which they come to their ends, as seconds say more of what
    else this machine does: when all the good ones are done, those that raise still wait for a retry. One that was
    handled anew in its place until it is parked, or held up its queue while it waits for a retry, would end before
    the good ones behind it.

    One whose process dies in the moment between its copy and its acknowledgement is there twice.
    """
    worker = stage.processes["order-worker"]
    await poison.change_ladder()
    await worker.kill()
    good = await poison.good_ones()
    unreadable: list[str] = []
    raising: list[str] = []
    deadly: list[str] = []
    for start in range(0, len(good), PORTION):
        await poison.tell(good[start : start + PORTION])
        told = start + PORTION + len(unreadable) + len(raising) + len(deadly)
        await until(partial(_waiting, stage, told), timeout=PATIENCE)
        for _ in range(BAD * PORTION // len(good)):
            unreadable.append(await poison.send(decodable=False))
            raising.append(await poison.send(price=HUGE))
        if not deadly:
            deadly.append(await poison.send_deadly())
    mortal = replace(worker, module="tests.faults.crashing_handler")
    for _ in range(MAX_CRASHES):
        await mortal.launch()
        await mortal.died()
    await mortal.start()
    await poison.known(good)
    assert not set(raising) & set(await poison.parked())
    bad = {*unreadable, *raising, *deadly}
    await until(partial(_are_parked, poison, bad), timeout=PATIENCE, every=1)
    await mortal.stop()
    await worker.start()
    await wait_until_quiescent(stage, with_parked=True)
    assert set(await poison.parked()) == bad


async def _waiting(stage: Cluster, count: int) -> bool:
    return await stage.waiting_in(ORDER_PRODUCTS.name) >= count


async def _are_parked(poison: BadMessages, events: set[str]) -> bool:
    return events <= set(await poison.parked())
