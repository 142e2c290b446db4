import pytest

from auth_service.domain.events import UserChanged, UserDeleted
from auth_service.domain.user import User
from auth_service.exceptions import LastAdmin, UserNotFound
from auth_service.services.manage_user import RoleOrStatusChange, change_role_or_status, delete_user
from auth_service.services.sessions import Login, Sessions
from auth_service.tests.fakes import Memory
from auth_service.tests.unit.conftest import PASSWORD
from libs.errors import VersionConflict
from libs.process.ids import new_id


async def test_an_admin_is_made_and_unmade(memory: Memory, ada: User, admin: User) -> None:
    promoted = await change_role_or_status(memory.uow, RoleOrStatusChange(ada.id, role="admin"), frozenset({1}))
    assert (promoted.role, promoted.version) == ("admin", 2)
    await change_role_or_status(memory.uow, RoleOrStatusChange(admin.id, role="user"), None)
    with pytest.raises(LastAdmin):
        await change_role_or_status(memory.uow, RoleOrStatusChange(ada.id, is_active=False), None)
    assert [type(fact) for fact in memory.facts[2:]] == [UserChanged, UserChanged]


async def test_a_block_ends_every_session(memory: Memory, sessions: Sessions, ada: User) -> None:
    await sessions.log_in(Login("ada", PASSWORD, "192.0.2.1"))
    await change_role_or_status(memory.uow, RoleOrStatusChange(ada.id, is_active=False), None)
    assert all(token.is_revoked for token in memory.tokens.values())


async def test_nothing_asked_is_nothing_changed(memory: Memory, ada: User) -> None:
    assert (await change_role_or_status(memory.uow, RoleOrStatusChange(ada.id), None)).version == 1
    assert len(memory.facts) == 1


async def test_a_delete_is_the_last_version(memory: Memory, ada: User) -> None:
    with pytest.raises(VersionConflict):
        await delete_user(memory.uow, ada.id, frozenset({2}))
    await delete_user(memory.uow, ada.id, frozenset({1}))
    assert memory.facts[-1] == UserDeleted(ada.id, 2)
    assert memory.users == {}


async def test_the_last_admin_is_not_deleted(memory: Memory, admin: User) -> None:
    with pytest.raises(LastAdmin):
        await delete_user(memory.uow, admin.id, None)
    assert admin.id in memory.users


async def test_an_unknown_user_is_not_found(memory: Memory) -> None:
    with pytest.raises(UserNotFound):
        await delete_user(memory.uow, new_id(), None)
    with pytest.raises(UserNotFound):
        await change_role_or_status(memory.uow, RoleOrStatusChange(new_id(), role="admin"), None)
