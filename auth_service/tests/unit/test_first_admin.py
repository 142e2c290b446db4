import pytest

from auth_service.domain.user import User
from auth_service.exceptions import EmailTaken
from auth_service.services.first_admin import FirstAdmin, ensure_admin
from auth_service.services.register_user import Registration, register
from auth_service.tests.fakes import FakePasswordHasher, Memory

FIRST = FirstAdmin("root@example.com", "a secret of ours")


async def test_a_shop_without_an_admin_gets_one(memory: Memory, passwords: FakePasswordHasher) -> None:
    for _ in range(2):
        await ensure_admin(memory.uow, passwords, FIRST)
    (user,) = memory.users.values()
    assert (user.email, user.username, user.is_active_admin) == ("root@example.com", "admin", True)
    assert len(memory.facts) == 1


@pytest.mark.usefixtures("admin")
async def test_a_shop_with_an_admin_is_left_alone(memory: Memory, passwords: FakePasswordHasher) -> None:
    await ensure_admin(memory.uow, passwords, FirstAdmin("another@example.com", "another secret"))
    (user,) = memory.users.values()
    assert user.password_hash == "x"


async def test_the_name_admin_may_be_taken(memory: Memory, passwords: FakePasswordHasher) -> None:
    await register(memory.uow, passwords, Registration("joker@example.com", "Admin", "12345678"))
    await ensure_admin(memory.uow, passwords, FIRST)
    (admin,) = (user for user in memory.users.values() if user.is_active_admin)
    assert admin.username.startswith("admin-")


async def test_nobody_gets_the_shop_by_having_the_address(
    memory: Memory, passwords: FakePasswordHasher, ada: User
) -> None:
    with pytest.raises(EmailTaken):
        await ensure_admin(memory.uow, passwords, FirstAdmin(ada.email, "a secret of ours"))
    assert memory.users[ada.id].role == "user"
