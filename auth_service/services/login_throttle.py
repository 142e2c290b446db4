"""Checking a password, for so long as nobody guesses."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from auth_service.domain.login_limits import WINDOW
from auth_service.domain.ports import PasswordHasher, UnitOfWork, UnitOfWorkFactory
from auth_service.domain.user import User
from libs.process.ids import new_id


@dataclass(frozen=True, slots=True)
class ThrottledPasswordCheck:
    """An attempt counts as failed from before its password is checked until it turns out to be right.

    So parallel guesses cannot all be let in because none of them has failed yet. That happens only when its turn has
    come: there are few turns, so those who are right do not run into the limit because of one another.
    """

    uow: UnitOfWorkFactory
    passwords: PasswordHasher

    async def check(self, password: str, user: User | None, *, login: str, address: str) -> bool:
        """Raises `TooManyAttempts`. A user who does not exist is guarded alike, under the login that was given."""
        account = _account(user, login)
        async with self.uow() as work:
            # Who is refused anyway need not stand in line for it.
            await _refuse_if_too_many(work, account, address)
        async with self.passwords.slot() as turn:
            attempt_id = await self._start_attempt(account, address)
            right = await turn.matches(password, None if user is None else user.password_hash)
        if right:
            async with self.uow() as work:
                await work.attempts.remove(attempt_id)
        return right

    async def _start_attempt(self, account: bytes, address: str) -> UUID:
        attempt_id = new_id()
        async with self.uow() as work:
            await work.attempts.lock_address(address)
            now = await _refuse_if_too_many(work, account, address)
            await work.attempts.add(attempt_id, account, address, now)
        return attempt_id


async def _refuse_if_too_many(work: UnitOfWork, account: bytes, address: str) -> datetime:
    now = datetime.now(UTC)
    tally = await work.attempts.count_failures(account, address, now - WINDOW)
    tally.refuse_if_too_many(now)
    return now


def _account(user: User | None, login: str) -> bytes:
    """One user is one account, by whatever login; hashed, since what people type as a login may be anything."""
    return hashlib.sha256(f"user {user.id}".encode() if user is not None else f"login {login}".encode()).digest()
