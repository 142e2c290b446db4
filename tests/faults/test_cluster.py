"""Three brokers that are one cluster: whichever of them is away, nothing waits for it and nothing is lost."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from tests.faults.cluster import Cluster
from tests.faults.cluster_faults import all_restart, leader_dies, leader_is_cut_off, whole
from tests.faults.load import Load
from tests.faults.network import Host, Network, NoNetworkError
from tests.faults.quiescence import wait_until_quiescent

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults of a cluster")]
BROKERS = 3

Fault = Callable[[Cluster, Load], Awaitable[None]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
async def network(folder: Path) -> AsyncIterator[Network | NoNetworkError]:
    """Or why there is none."""
    try:
        async with Network.open(BROKERS, folder / "network.log") as network:
            yield network
    except NoNetworkError as error:
        yield error


@pytest.fixture(scope="module")
async def cluster(folder: Path, network: Network | NoNetworkError) -> AsyncIterator[Cluster]:
    """Its brokers have a host each if that can be; else they share this one."""
    hosts = network.hosts if isinstance(network, Network) else [Host()] * BROKERS
    async with Cluster.open(folder / "shop", hosts) as stage:
        await whole(stage)
        yield stage


@pytest.mark.parametrize("fault", [leader_dies, all_restart])
async def test_nothing_is_lost(cluster: Cluster, fault: Fault) -> None:
    await _try_out(cluster, fault)


async def test_nothing_is_lost_by_a_leader_that_is_cut_off(cluster: Cluster, network: Network | NoNetworkError) -> None:
    if isinstance(network, NoNetworkError):
        pytest.skip(f"no broker was cut off from the others, which only root can do to one: {network}")
    await _try_out(cluster, partial(leader_is_cut_off, network=network))


async def _try_out(cluster: Cluster, fault: Fault) -> None:
    async with Load.running(cluster, Random("cluster")) as load:  # noqa: S311 - the same each time
        await load.flows()
        await fault(cluster, load)
    await wait_until_quiescent(cluster)
