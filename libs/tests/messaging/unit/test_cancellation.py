"""Ending tasks that do not want to end."""

import asyncio
from contextlib import suppress

import pytest

from libs.process.cancellation import cancel_and_wait


async def test_ending_nothing_is_done_at_once() -> None:
    await cancel_and_wait([])


async def test_a_task_that_is_busy_with_tidying_up_is_asked_once_more() -> None:
    asked = 0

    async def reluctant() -> None:
        nonlocal asked
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                asked += 1

    task = asyncio.create_task(reluctant())
    await asyncio.sleep(0)
    await cancel_and_wait([task])
    assert (asked, task.done()) == (2, True)


async def test_who_is_ended_meanwhile_asks_once_more_before_leaving() -> None:
    asked = 0

    async def deaf() -> None:
        nonlocal asked
        while asked < 2:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            asked += 1

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    ending = asyncio.create_task(cancel_and_wait([task]))
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert await asyncio.wait([task], timeout=1) == ({task}, set())
