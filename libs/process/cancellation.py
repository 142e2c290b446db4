"""Ending tasks, and telling apart who cancelled: whoever wants a task to end, or a library that gave something up."""

import asyncio
from collections.abc import Collection
from typing import Any

END_TIMEOUT = 4.0


async def cancel_and_wait(tasks: Collection[asyncio.Task[Any]]) -> None:
    """In time: a server that is silent may keep one busy with tidying up, until it is asked once more."""
    waiting = set(tasks)
    _cancel(waiting)
    try:
        if waiting:
            _, waiting = await asyncio.wait(waiting, timeout=END_TIMEOUT)
    finally:
        # Also where whoever waits is ended meanwhile.
        _cancel(waiting)
    if waiting:
        await asyncio.wait(waiting, timeout=END_TIMEOUT)


def _cancel(tasks: Collection[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()


def is_cancelled() -> bool:
    """A real cancellation is counted by the task. What a library cancels by itself must not end it."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def raise_if_cancelled() -> None:
    """For whoever catches errors and goes on: one may stand in a cancellation's place, as that of a failed rollback."""
    if is_cancelled():
        raise asyncio.CancelledError
