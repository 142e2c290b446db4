"""Servers die, freeze and cannot be reached under a load: nothing that was acknowledged is lost or there twice."""

from random import Random

import pytest

from tests.faults.cluster import Cluster
from tests.faults.every_fault import OF_SERVERS
from tests.faults.scenario import run_scenario

# They share a shop, which takes long to start.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults of servers")]


# A minute each, until heartbeats notice. The gate has the consumer's: both sides wait for the same heartbeats.
LONG = {"a publisher's way is half open"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.full] * (name in LONG)) for name in OF_SERVERS])
async def test_nothing_is_lost(stage: Cluster, name: str) -> None:
    await run_scenario(stage, OF_SERVERS[name], Random(name))  # noqa: S311 - the same each time
