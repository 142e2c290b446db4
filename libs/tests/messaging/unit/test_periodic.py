"""Timers of a worker."""

import asyncio
import logging

import pytest

from libs.worker import PeriodicTask


async def test_an_outage_is_said_once_and_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    tries = 0
    done = asyncio.Event()

    async def work() -> None:
        nonlocal tries
        tries += 1
        if tries <= 2:
            raise ConnectionRefusedError
        done.set()

    with caplog.at_level(logging.WARNING):
        timer = asyncio.create_task(PeriodicTask("clean-up", 60.0, work).run())
        await asyncio.wait_for(done.wait(), 10)
        timer.cancel()
    # What another test has left behind may say something as well.
    said = [record.message for record in caplog.records if record.name == "libs.broker.connectivity"]
    assert [message.partition(":")[0] for message in said] == ["clean-up"]


async def test_an_outage_does_not_keep_it_from_ending() -> None:
    """As when it is asked to end while the database is silent: rolling back fails, and that is the error."""
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise TimeoutError

    timer = asyncio.create_task(PeriodicTask("clean-up", 0.01, work).run())
    await begun.wait()
    timer.cancel()
    await asyncio.wait([timer], timeout=5)
    assert timer.cancelled()


async def test_a_defect_ends_the_timer() -> None:
    async def work() -> None:
        raise LookupError("a defect")

    with pytest.raises(LookupError):
        await PeriodicTask("clean-up", 60.0, work).run()
