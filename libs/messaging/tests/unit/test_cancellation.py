"""Ending tasks that do not want to end."""

import asyncio

from libs.messaging.cancellation import end


async def test_ending_nothing_is_done_at_once() -> None:
    await end([])


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
    await end([task])
    assert (asked, task.done()) == (2, True)
