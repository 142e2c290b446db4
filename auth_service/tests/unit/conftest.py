from datetime import UTC, datetime

import pytest

from auth_service.domain.user import User
from auth_service.services.change_profile import Profiles
from auth_service.services.login_throttle import ThrottledPasswordCheck
from auth_service.services.register_user import Registration, register
from auth_service.services.sessions import Sessions
from auth_service.tests.fakes import FakeAccessTokens, FakePasswordHasher, Memory
from libs.process.ids import new_id

PASSWORD = "correct horse"


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def passwords() -> FakePasswordHasher:
    return FakePasswordHasher()


@pytest.fixture
def guarded(memory: Memory, passwords: FakePasswordHasher) -> ThrottledPasswordCheck:
    return ThrottledPasswordCheck(memory.uow, passwords)


@pytest.fixture
def sessions(memory: Memory, guarded: ThrottledPasswordCheck) -> Sessions:
    return Sessions(memory.uow, guarded, FakeAccessTokens())


@pytest.fixture
def profiles(memory: Memory, passwords: FakePasswordHasher, guarded: ThrottledPasswordCheck) -> Profiles:
    return Profiles(memory.uow, passwords, guarded)


@pytest.fixture
async def ada(memory: Memory, passwords: FakePasswordHasher) -> User:
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
