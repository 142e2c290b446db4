"""The same lives on real PostgreSQL, where constraints and guarded statements have their say."""

import asyncio

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from libs.testing.fixtures import DatabaseFor
from order_service.domain.status import Status
from tests.model.database import DatabaseSystem
from tests.model.state_machine import Model

# Shrinking on a database takes minutes; the seed says enough.
RUNS = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
async def urls(database_for: DatabaseFor) -> tuple[str, str]:
    """Databases of their own, since each life begins with empty ones."""
    return await database_for("order_service", own="model"), await database_for("catalog_service", own="model")


@pytest.mark.slow
@pytest.mark.parametrize("shard", [0, pytest.param(1, marks=pytest.mark.full)])
async def test_whatever_happens_the_books_are_right(urls: tuple[str, str], shard: int) -> None:
    await asyncio.to_thread(live, urls, shard)


def live(urls: tuple[str, str], shard: int) -> None:
    """In a thread of its own: Hypothesis is not asynchronous, and each step needs a loop that it can wait for."""
    with asyncio.Runner() as runner:

        async def open_world() -> DatabaseSystem:
            return DatabaseSystem(*urls)

        world = runner.run(open_world())

        class OnDatabases(Model):
            def open_world(self) -> DatabaseSystem:
                return world

        OnDatabases.loop = runner.get_loop()
        OnDatabases.reached = set()
        try:
            run_state_machine_as_test(seed(shard)(OnDatabases), settings=RUNS)
            assert OnDatabases.reached >= {Status.PAID, Status.REJECTED, Status.CANCELLED}
        finally:
            runner.run(world.__aexit__())
