"""What Prometheus is told of users."""

from prometheus_client import REGISTRY

from auth_service.repositories.gauges import GAUGES
from auth_service.tests.integration.house import House
from libs.database.database import Database
from libs.database.table_gauges import TableGauges


def told(role: str, is_active: str) -> float | None:
    return REGISTRY.get_sample_value("users", {"role": role, "is_active": is_active})


async def test_users_are_counted(house: House, timers: Database) -> None:
    await house.join("ada")
    await house.join("bob")
    await TableGauges(timers, GAUGES).refresh()
    assert (told("user", "yes"), told("admin", "yes")) == (2, 1)
