"""What users do with their own account."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from auth_service.domain.ports import PasswordHasher, UnitOfWorkFactory
from auth_service.domain.user import User
from auth_service.exceptions import CurrentPasswordRequired, WrongPassword
from auth_service.services.login_throttle import ThrottledPasswordCheck
from libs.errors import expect_version


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """None leaves as it is."""

    user_id: UUID
    address: str
    email: str | None = None
    username: str | None = None
    password: str | None = None
    current_password: str | None = None


@dataclass(frozen=True, slots=True)
class Profiles:
    uow: UnitOfWorkFactory
    passwords: PasswordHasher
    guarded: ThrottledPasswordCheck

    async def change(self, command: ProfileChange, expected: Collection[int] | None) -> User:
        async with self.uow() as work:
            seen = await work.users.by_id(command.user_id)
        expect_version(seen.version, expected)
        new_email = command.email not in (None, seen.email)
        if new_email or command.password is not None:
            await self._confirm(command, seen)
        password_hash = None if command.password is None else await self._hash(command.password)
        now = datetime.now(UTC)
        async with self.uow() as work:
            user = await work.users.for_change(command.user_id)
            expect_version(user.version, expected)
            if (new_email or password_hash is not None) and user.password_hash != seen.password_hash:
                raise WrongPassword
            # An address that was no change when it was looked at must not undo one that came meanwhile.
            email = command.email if new_email else None
            fact = user.change_profile(now, email=email, username=command.username, password_hash=password_hash)
            if fact is not None:
                await work.users.save(user)
                work.record(fact)
            if password_hash is not None:
                await work.refresh_tokens.revoke_all(user.id, now)
        return user

    async def _confirm(self, command: ProfileChange, user: User) -> None:
        if command.current_password is None:
            raise CurrentPasswordRequired
        password = command.current_password
        if not await self.guarded.check(password, user, login=user.email, address=command.address):
            raise WrongPassword

    async def _hash(self, password: str) -> str:
        async with self.passwords.slot() as turn:
            return await turn.hash(password)
