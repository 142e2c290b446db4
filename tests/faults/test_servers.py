"""Servers die, freeze and cannot be reached under a load: nothing that was acknowledged is lost or there twice."""

from random import Random

import pytest

from tests.faults.cluster import Cluster
from tests.faults.every_fault import OF_SERVERS
from tests.faults.scenario import run_scenario

# They share a shop, which takes long to start.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults of servers")]


@pytest.mark.parametrize("name", OF_SERVERS)
async def test_nothing_is_lost(stage: Cluster, name: str) -> None:
    await run_scenario(stage, OF_SERVERS[name], Random(name))  # noqa: S311 - the same each time
