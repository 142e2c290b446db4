"""Thousands of lives of orders in memory. The seeds are fixed, so that a failure is the same for everybody."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from order_service.domain.payment import PaymentStatus
from order_service.domain.status import Status
from tests.model.memory import MemorySystem
from tests.model.state_machine import Model

RUNS = settings(
    max_examples=300,
    stateful_step_count=30,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

ENDS = set(PaymentStatus) - {PaymentStatus.STARTED, PaymentStatus.REFUNDING}


class InMemory(Model):
    def open_world(self) -> MemorySystem:
        return MemorySystem()


@pytest.fixture
def machine() -> Iterator[type[Model]]:
    InMemory.loop = asyncio.new_event_loop()
    InMemory.reached = set()
    yield InMemory
    InMemory.loop.close()


@pytest.mark.slow
@pytest.mark.parametrize("shard", [0, 1, *(pytest.param(shard, marks=pytest.mark.full) for shard in range(2, 7))])
def test_whatever_happens_the_books_are_right(machine: type[Model], shard: int) -> None:
    run_state_machine_as_test(seed(shard)(machine), settings=RUNS)
    # Or nothing would have been shown of what they do not get to.
    assert machine.reached >= {*Status, *(f"payment {end}" for end in ENDS)}
