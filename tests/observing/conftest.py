from collections.abc import AsyncIterator

import pytest

from libs.testing.fixtures import DatabaseFor
from libs.testing.vhosts import fresh_vhost
from tests.observing.shop import SERVICES, Shop


@pytest.fixture(scope="session")
async def shop(
    database_for: DatabaseFor, run_id: str, worker_name: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shop]:
    databases = {name: await database_for(f"{name}_service", own="observing") for name in SERVICES}
    async with (
        fresh_vhost(f"test_{run_id[:12]}_{worker_name}_observing") as amqp_url,
        Shop.open(tmp_path_factory.mktemp("shop"), databases, amqp_url, {}) as shop,
    ):
        yield shop
