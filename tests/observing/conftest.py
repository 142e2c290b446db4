from collections.abc import AsyncIterator, Iterator

import pytest

from libs.testing.fixtures import DatabaseFor
from libs.testing.vhosts import fresh_vhost
from tests.observing.receiver import Receiver
from tests.observing.shop import SERVICES, Shop


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    with Receiver.open() as receiver:
        yield receiver


@pytest.fixture(scope="session")
async def shop(
    database_for: DatabaseFor,
    run_id: str,
    worker_name: str,
    tmp_path_factory: pytest.TempPathFactory,
    receiver: Receiver,
) -> AsyncIterator[Shop]:
    databases = {name: await database_for(f"{name}_service", own="observing") for name in SERVICES}
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    async with (
        fresh_vhost(f"test_{run_id[:12]}_{worker_name}_observing") as amqp_url,
        Shop.open(tmp_path_factory.mktemp("shop"), databases, amqp_url, environment) as shop,
    ):
        yield shop
