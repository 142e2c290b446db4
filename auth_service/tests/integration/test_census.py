"""What Prometheus is told of users."""

from prometheus_client import REGISTRY

from auth_service.repositories.census import COUNTS
from auth_service.tests.integration.house import House
from libs.database.census import Census
from libs.database.transactions import Transactions


def told(role: str, is_active: str) -> float | None:
    return REGISTRY.get_sample_value("users", {"role": role, "is_active": is_active})


async def test_users_are_counted(house: House, timers: Transactions) -> None:
    await house.join("ada")
    await house.join("bob")
    await Census(timers, COUNTS).take()
    assert (told("user", "yes"), told("admin", "yes")) == (2, 1)
