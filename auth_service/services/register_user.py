"""Becoming a user."""

from dataclasses import dataclass
from datetime import UTC, datetime

from auth_service.domain.ports import PasswordHasher, UnitOfWorkFactory
from auth_service.domain.user import User
from libs.process.ids import new_id


@dataclass(frozen=True, slots=True)
class Registration:
    email: str
    username: str
    password: str


async def register(uow: UnitOfWorkFactory, passwords: PasswordHasher, command: Registration) -> User:
    async with passwords.slot() as turn:
        password_hash = await turn.hash(command.password)
    user, fact = User.register(
        new_id(),
        email=command.email,
        username=command.username,
        password_hash=password_hash,
        now=datetime.now(UTC),
    )
    async with uow() as work:
        await work.users.add(user)
        work.record(fact)
    return user
