from dataclasses import replace

import pytest

from auth_service.domain.events import UserChanged
from auth_service.domain.user import User
from auth_service.exceptions import CurrentPasswordRequired, EmailTaken, TooManyAttempts, UsernameTaken, WrongPassword
from auth_service.services.change_profile import ProfileChange, Profiles
from auth_service.services.login_throttle import ThrottledPasswordCheck
from auth_service.services.sessions import Login, Sessions
from auth_service.tests.fakes import FakePasswordHasher, FakeUnitOfWork, Memory
from auth_service.tests.unit.conftest import PASSWORD
from libs.errors import VersionConflict

HERE = "192.0.2.1"


async def test_a_username_needs_no_password(memory: Memory, profiles: Profiles, ada: User) -> None:
    user = await profiles.change(ProfileChange(ada.id, HERE, username="ADA"), None)
    assert (user.username, user.version) == ("ADA", 2)
    assert memory.facts[-1] == UserChanged(user)


async def test_an_email_needs_the_password(memory: Memory, profiles: Profiles, ada: User) -> None:
    with pytest.raises(CurrentPasswordRequired) as missing:
        await profiles.change(ProfileChange(ada.id, HERE, email="new@example.com"), None)
    assert missing.value.errors[0].field == "current_password"
    with pytest.raises(WrongPassword):
        await profiles.change(ProfileChange(ada.id, HERE, email="new@example.com", current_password="no"), None)
    assert memory.users[ada.id] == ada
    change = ProfileChange(ada.id, HERE, email="new@example.com", current_password=PASSWORD)
    assert (await profiles.change(change, None)).email == "new@example.com"


async def test_the_same_email_needs_none_and_changes_nothing(memory: Memory, profiles: Profiles, ada: User) -> None:
    user = await profiles.change(ProfileChange(ada.id, HERE, email=ada.email), None)
    assert user.version == 1
    assert len(memory.facts) == 1


async def test_the_old_email_comes_back_in_no_way_without_the_password(
    memory: Memory, passwords: FakePasswordHasher, guarded: ThrottledPasswordCheck, ada: User
) -> None:
    moments = 0

    def uow() -> FakeUnitOfWork:
        """Between looking and changing, somebody who knows the password moves to another address."""
        nonlocal moments
        moments += 1
        if moments == 2:
            memory.users[ada.id] = replace(ada, email="new@example.com", version=2)
        return memory.uow()

    change = ProfileChange(ada.id, HERE, email=ada.email, username="ADA")
    user = await Profiles(uow, passwords, guarded).change(change, None)
    assert (user.email, user.username, user.version) == ("new@example.com", "ADA", 3)


async def test_a_new_password_ends_every_session(
    memory: Memory, profiles: Profiles, sessions: Sessions, ada: User
) -> None:
    await sessions.log_in(Login("ada", PASSWORD, HERE))
    change = ProfileChange(ada.id, HERE, password="another one", current_password=PASSWORD)
    assert (await profiles.change(change, None)).version == 2
    assert all(token.is_revoked for token in memory.tokens.values())
    await sessions.log_in(Login("ada", "another one", HERE))


async def test_guessing_the_current_password_counts_as_guessing(
    profiles: Profiles, sessions: Sessions, ada: User
) -> None:
    for _ in range(10):
        with pytest.raises(WrongPassword):
            await profiles.change(ProfileChange(ada.id, HERE, password="another one", current_password="no"), None)
    with pytest.raises(TooManyAttempts):
        await profiles.change(ProfileChange(ada.id, HERE, password="another one", current_password=PASSWORD), None)
    with pytest.raises(TooManyAttempts):
        await sessions.log_in(Login("ada", PASSWORD, HERE))


async def test_names_of_others_are_taken(memory: Memory, profiles: Profiles, ada: User, admin: User) -> None:
    with pytest.raises(UsernameTaken):
        await profiles.change(ProfileChange(ada.id, HERE, username=admin.username.upper()), None)
    with pytest.raises(EmailTaken):
        await profiles.change(ProfileChange(ada.id, HERE, email=admin.email, current_password=PASSWORD), None)
    assert memory.users[ada.id] == ada


async def test_a_stale_change_costs_no_hashing(profiles: Profiles, passwords: FakePasswordHasher, ada: User) -> None:
    change = ProfileChange(ada.id, HERE, password="another one", current_password=PASSWORD)
    with pytest.raises(VersionConflict):
        await profiles.change(change, frozenset({7}))
    assert passwords.checked == 0
