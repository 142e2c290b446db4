import asyncio

import pytest

from libs.consumers.shared_lock import SharedExclusiveLock
from libs.testing.wait import until


async def test_many_pass_together() -> None:
    gate = SharedExclusiveLock()
    together = asyncio.Barrier(3)

    async def enter() -> None:
        async with gate.shared(), asyncio.timeout(5):
            await together.wait()

    await asyncio.gather(*(enter() for _ in range(3)))


async def test_one_alone_meets_nobody() -> None:
    gate = SharedExclusiveLock()
    inside = most = 0

    async def enter(*, alone: bool) -> None:
        nonlocal inside, most
        async with gate.exclusive() if alone else gate.shared():
            inside += 1
            if alone:
                most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(enter(alone=number % 3 == 0) for number in range(60)))
    assert most == 1


async def test_who_waits_to_be_alone_goes_before_new_ones() -> None:
    gate = SharedExclusiveLock()
    order: list[str] = []
    release = asyncio.Event()

    async def first() -> None:
        async with gate.shared():
            await release.wait()

    async def alone() -> None:
        async with gate.exclusive():
            order.append("alone")

    async def late() -> None:
        async with gate.shared():
            order.append("late")

    tasks = [asyncio.create_task(work()) for work in (first, alone, late)]
    await until(lambda: len(gate._waiting) == 2)  # noqa: SLF001 - both of them stand before the gate.
    release.set()
    await asyncio.gather(*tasks)
    assert order == ["alone", "late"]


async def test_who_wants_to_share_waits_for_one_alone_at_most() -> None:
    gate = SharedExclusiveLock()
    order: list[str] = []

    async def enter(*, alone: bool) -> None:
        async with gate.exclusive() if alone else gate.shared():
            order.append("alone" if alone else "shared")
            await asyncio.sleep(0)
            if order == ["alone"]:
                # Somebody comes while one is alone and many want to be.
                late.extend(asyncio.create_task(enter(alone=False)) for _ in range(2))
                await asyncio.sleep(0)

    late: list[asyncio.Task[None]] = []
    async with asyncio.timeout(5):
        await asyncio.gather(*(enter(alone=True) for _ in range(20)))
        await asyncio.gather(*late)
    assert order == ["alone", "shared", "shared", *["alone"] * 19]


async def test_those_who_share_take_turns_with_those_who_are_alone() -> None:
    """Neither keeps the other waiting, however many there are of it."""
    gate = SharedExclusiveLock()
    turns = {True: 0, False: 0}

    async def enter_again(*, alone: bool) -> None:
        while min(turns.values()) < 20:
            async with gate.exclusive() if alone else gate.shared():
                turns[alone] += 1
                await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await asyncio.gather(*(enter_again(alone=number % 2 == 0) for number in range(10)))
    assert max(turns.values()) < 200


@pytest.mark.parametrize("turn", ["alone", "shared"])
async def test_who_gives_up_when_it_is_its_turn_holds_up_nobody(turn: str) -> None:
    gate = SharedExclusiveLock()
    async with gate.exclusive():
        waiting = asyncio.create_task(_pass(gate, turn))
        other = asyncio.create_task(_pass(gate, "alone"))
        await until(lambda: len(gate._waiting) == 2)  # noqa: SLF001 - both of them stand before the gate.
    waiting.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(waiting, return_exceptions=True)
        await other
        await _pass(gate, "shared")


@pytest.mark.parametrize("gave_up", ["alone", "shared"])
async def test_who_gives_up_waiting_holds_up_nobody(gave_up: str) -> None:
    gate = SharedExclusiveLock()
    async with gate.shared():
        waiting = asyncio.create_task(_pass(gate, gave_up))
        other = asyncio.create_task(_pass(gate, "alone"))
        await until(lambda: gate._waiting)  # noqa: SLF001 - the one that gives up stands before the gate.
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5):
        await other
        await _pass(gate, "shared")
        await _pass(gate, "alone")


async def _pass(gate: SharedExclusiveLock, how: str) -> None:
    async with gate.exclusive() if how == "alone" else gate.shared():
        pass
