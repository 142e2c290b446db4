"""Processes die with much in their hands, and freeze: nothing that was acknowledged is lost or there twice."""

from random import Random

import pytest

from tests.faults.cluster import Cluster
from tests.faults.every_fault import OF_PROCESSES
from tests.faults.scenario import run_scenario

# They share a shop, which takes long to start.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults of processes and messages")]


@pytest.mark.parametrize("name", OF_PROCESSES)
async def test_nothing_is_lost(stage: Cluster, name: str) -> None:
    await run_scenario(stage, OF_PROCESSES[name], Random(name))  # noqa: S311 - the same each time
