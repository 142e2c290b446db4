import asyncio

import pytest

from libs.messaging.gate import Gate
from libs.testing.wait import until


async def test_many_pass_together() -> None:
    gate = Gate()
    together = asyncio.Barrier(3)

    async def enter() -> None:
        async with gate.shared(), asyncio.timeout(5):
            await together.wait()

    await asyncio.gather(*(enter() for _ in range(3)))


async def test_one_alone_meets_nobody() -> None:
    gate = Gate()
    inside = most = 0

    async def enter(*, alone: bool) -> None:
        nonlocal inside, most
        async with gate.alone() if alone else gate.shared():
            inside += 1
            if alone:
                most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(enter(alone=number % 3 == 0) for number in range(60)))
    assert most == 1


async def test_who_waits_to_be_alone_goes_before_new_ones() -> None:
    gate = Gate()
    order: list[str] = []
    release = asyncio.Event()

    async def first() -> None:
        async with gate.shared():
            await release.wait()

    async def alone() -> None:
        async with gate.alone():
            order.append("alone")

    async def late() -> None:
        async with gate.shared():
            order.append("late")

    tasks = [asyncio.create_task(work()) for work in (first, alone, late)]
    await until(lambda: len(gate._waiting) == 2)  # noqa: SLF001 - both of them stand before the gate.
    release.set()
    await asyncio.gather(*tasks)
    assert order == ["alone", "late"]


@pytest.mark.parametrize("gave_up", ["alone", "shared"])
async def test_who_gives_up_waiting_holds_up_nobody(gave_up: str) -> None:
    gate = Gate()
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


async def _pass(gate: Gate, how: str) -> None:
    async with gate.alone() if how == "alone" else gate.shared():
        pass
