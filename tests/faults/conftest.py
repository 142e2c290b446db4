from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.testing.fixtures import DatabaseFor
from libs.testing.vhosts import fresh_vhost
from tests.faults.cluster import Cluster
from tests.faults.shop import Shop


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
async def shop(database_for: DatabaseFor, run_id: str, worker_name: str, logs: Path) -> AsyncIterator[Shop]:
    """Catalog's worker, order's API and worker as processes, on databases and a broker of their own."""
    orders = await database_for("order_service", own="faults")
    catalog = await database_for("catalog_service", own="faults")
    vhost = f"test_{run_id[:12]}_{worker_name}_faults"
    async with fresh_vhost(vhost) as amqp_url, Shop.open(orders, catalog, amqp_url, logs) as shop:
        yield shop


# Modules share it, as its start costs as much as several faults. It ends with the last test of this folder.
@pytest.fixture(scope="package")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """The whole shop, on servers that may be killed."""
    async with Cluster.open(tmp_path_factory.mktemp("stage") / "shop") as stage:
        yield stage
