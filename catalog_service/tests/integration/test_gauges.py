"""What Prometheus is told of products, stock and reservations."""

from uuid import UUID

from prometheus_client import REGISTRY

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.reservation import OrderSnapshot
from catalog_service.repositories.gauges import GAUGES
from catalog_service.services.reserve_stock import reserve_stock_for_orders
from catalog_service.tests.integration.catalog import Catalog
from libs.database.database import Database
from libs.database.table_gauges import TableGauges
from libs.process.ids import new_id


def told(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_the_shelf_is_counted(catalog: Catalog, uow: UnitOfWorkFactory, database_url: str) -> None:
    timers = Database(database_url, pool_size=1)

    async def count() -> tuple[float, ...]:
        await TableGauges(timers, GAUGES).refresh()
        return (
            told("products", is_active="yes"),
            told("stock_units", what="on_hand"),
            told("stock_units", what="reserved"),
            told("reservations", state="held"),
        )

    before = await count()
    product = await catalog.product(stock=7)
    await reserve_stock_for_orders(uow, OrderSnapshot(new_id(), 1, "pending", {UUID(product["id"]): 3}))
    after = await count()
    await timers.aclose()
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 7, 3, 1]
