from datetime import UTC, datetime

import pytest

from auth_service.domain.user import User
from auth_service.services.guesses import GuardedPasswords
from auth_service.services.profile import Profiles
from auth_service.services.registration import Registration, register
from auth_service.services.sessions import Sessions
from auth_service.tests.fakes import FakeAccessTokens, FakePasswords, Memory
from libs.process.ids import new_id

PASSWORD = "correct horse"


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def passwords() -> FakePasswords:
    return FakePasswords()


@pytest.fixture
def guarded(memory: Memory, passwords: FakePasswords) -> GuardedPasswords:
    return GuardedPasswords(memory.uow, passwords)


@pytest.fixture
def sessions(memory: Memory, guarded: GuardedPasswords) -> Sessions:
    return Sessions(memory.uow, guarded, FakeAccessTokens())


@pytest.fixture
def profiles(memory: Memory, passwords: FakePasswords, guarded: GuardedPasswords) -> Profiles:
    return Profiles(memory.uow, passwords, guarded)


@pytest.fixture
async def ada(memory: Memory, passwords: FakePasswords) -> User:
    return await register(memory.uow, passwords, Registration("ada@example.com", "Ada", PASSWORD))


@pytest.fixture
async def admin(memory: Memory) -> User:
    user, fact = User.register(
        new_id(), email="root@example.com", username="root", password_hash="x", now=datetime.now(UTC), role="admin"
    )
    async with memory.uow() as work:
        await work.users.add(user)
        work.record(fact)
    return user
