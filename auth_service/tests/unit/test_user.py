from datetime import UTC, datetime, timedelta

import pytest

from auth_service.domain.events import UserChanged, UserDeleted, UserRegistered
from auth_service.domain.user import Role, User
from auth_service.exceptions import LastAdmin
from libs.process.ids import new_id

THEN = datetime(2025, 10, 17, tzinfo=UTC)
NOW = THEN + timedelta(hours=1)


def someone(role: Role = "user") -> User:
    user, fact = User.register(
        new_id(), email="ada@example.com", username="ada", password_hash="hash", now=THEN, role=role
    )
    assert fact == UserRegistered(user)
    return user


def test_a_newcomer_is_an_active_user_at_version_1() -> None:
    user = someone()
    assert (user.role, user.is_active, user.version, user.created_at, user.updated_at) == ("user", True, 1, THEN, THEN)


def test_a_change_is_one_version_whatever_it_changes() -> None:
    user = someone()
    fact = user.change_profile(NOW, email="new@example.com", username="Ada", password_hash="other")
    assert fact == UserChanged(user)
    assert (user.email, user.username, user.password_hash) == ("new@example.com", "Ada", "other")
    assert (user.version, user.created_at, user.updated_at) == (2, THEN, NOW)


def test_what_is_there_already_is_no_change() -> None:
    user = someone()
    assert user.change_profile(NOW) is None
    assert user.change_profile(NOW, email="ada@example.com", username="ada") is None
    assert user.change_role_or_status(NOW, role="user", is_active=True, other_admins=False) is None
    assert user.change_role_or_status(NOW, role=None, is_active=None, other_admins=False) is None
    assert (user.version, user.updated_at) == (1, THEN)


def test_a_user_is_blocked_and_comes_back() -> None:
    user = someone()
    assert user.change_role_or_status(NOW, role=None, is_active=False, other_admins=False) == UserChanged(user)
    assert (user.is_active, user.version) == (False, 2)
    user.change_role_or_status(NOW, role=None, is_active=True, other_admins=False)
    assert (user.is_active, user.version) == (True, 3)


@pytest.mark.parametrize(
    ("role", "is_active"), [("user", None), (None, False), ("user", False), ("admin", False), ("user", True)]
)
def test_the_last_admin_stays_one(role: Role | None, is_active: bool | None) -> None:
    user = someone("admin")
    with pytest.raises(LastAdmin):
        user.change_role_or_status(NOW, role=role, is_active=is_active, other_admins=False)
    assert (user.role, user.is_active, user.version) == ("admin", True, 1)
    assert user.change_role_or_status(NOW, role=role, is_active=is_active, other_admins=True) == UserChanged(user)


def test_the_last_admin_cannot_be_deleted() -> None:
    user = someone("admin")
    with pytest.raises(LastAdmin):
        user.delete(other_admins=False)
    assert user.delete(other_admins=True) == UserDeleted(user.id, 2)


def test_a_blocked_admin_is_not_the_last_one() -> None:
    user = someone("admin")
    user.change_role_or_status(NOW, role=None, is_active=False, other_admins=True)
    assert user.delete(other_admins=False) == UserDeleted(user.id, 3)
