"""The world of the use cases, in memory. What a block that fails has changed is forgotten, as in a database."""

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from auth_service.domain.events import Fact, UserDeleted
from auth_service.domain.login_limits import FailureCount
from auth_service.domain.ports import AccessToken, LoginAttempts, RefreshTokens, Users
from auth_service.domain.refresh_token import LIFETIME, RefreshToken
from auth_service.domain.user import User
from auth_service.exceptions import EmailTaken, TooManyPasswords, UsernameTaken, UserNotFound
from libs.process.ids import new_id


@dataclass(frozen=True)
class Attempt:
    account: bytes
    address: str
    made_at: datetime


@dataclass
class Memory:
    users: dict[UUID, User] = field(default_factory=dict)
    tokens: dict[bytes, RefreshToken] = field(default_factory=dict)
    attempts: dict[UUID, Attempt] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)

    def uow(self) -> "FakeUnitOfWork":
        return FakeUnitOfWork(self)


class FakeUnitOfWork:
    users: Users
    refresh_tokens: RefreshTokens
    attempts: LoginAttempts

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def __aenter__(self) -> Self:
        self._draft = copy.deepcopy(self._memory)
        self.users = FakeUsers(self._draft)
        self.refresh_tokens = FakeRefreshTokens(self._draft)
        self.attempts = FakeLoginAttempts(self._draft)
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error_type is None:
            self._memory.__dict__.update(copy.deepcopy(self._draft).__dict__)

    def record(self, fact: Fact) -> None:
        self._draft.facts.append(copy.deepcopy(fact))


class FakeUsers:
    def __init__(self, draft: Memory) -> None:
        self._draft = draft

    async def add(self, user: User) -> None:
        self._refuse_taken(user)
        self._draft.users[user.id] = copy.copy(user)

    async def by_id(self, user_id: UUID) -> User:
        if user_id not in self._draft.users:
            raise UserNotFound
        return copy.copy(self._draft.users[user_id])

    async def by_login(self, login: str) -> User | None:
        found = [user for user in self._draft.users.values() if login in (user.email, user.username.lower())]
        return copy.copy(found[0]) if found else None

    async def for_change(self, user_id: UUID) -> User:
        return await self.by_id(user_id)

    async def for_change_with_admins(self, user_id: UUID) -> tuple[User, bool]:
        others = [user for user in self._draft.users.values() if user.id != user_id and user.is_active_admin]
        return await self.by_id(user_id), bool(others)

    async def save(self, user: User) -> None:
        assert user.version == self._draft.users[user.id].version + 1
        self._refuse_taken(user)
        self._draft.users[user.id] = copy.copy(user)

    async def remove(self, deleted: UserDeleted, now: datetime) -> None:
        del now
        del self._draft.users[deleted.user_id]

    async def has_active_admin(self) -> bool:
        return any(user.is_active_admin for user in self._draft.users.values())

    def _refuse_taken(self, user: User) -> None:
        others = [other for other in self._draft.users.values() if other.id != user.id]
        if user.email in [other.email for other in others]:
            raise EmailTaken
        if user.username.lower() in [other.username.lower() for other in others]:
            raise UsernameTaken


class FakeRefreshTokens:
    def __init__(self, draft: Memory) -> None:
        self._draft = draft

    async def start_family(self, user_id: UUID, digest: bytes, now: datetime) -> None:
        self._draft.tokens[digest] = RefreshToken(
            new_id(), user_id, expires_at=now + LIFETIME, is_used=False, is_revoked=False
        )

    async def lock(self, digest: bytes) -> RefreshToken | None:
        return self._draft.tokens.get(digest)

    async def rotate(self, family_id: UUID, used: bytes, fresh: bytes, now: datetime) -> None:
        old = self._draft.tokens[used]
        assert old.family_id == family_id
        self._draft.tokens[used] = replace(old, is_used=True)
        self._draft.tokens[fresh] = replace(old, expires_at=now + LIFETIME)

    async def revoke_family(self, family_id: UUID, now: datetime) -> None:
        del now
        self._revoke([digest for digest, token in self._draft.tokens.items() if token.family_id == family_id])

    async def revoke_all(self, user_id: UUID, now: datetime) -> None:
        del now
        self._revoke([digest for digest, token in self._draft.tokens.items() if token.user_id == user_id])

    def _revoke(self, digests: list[bytes]) -> None:
        for digest in digests:
            self._draft.tokens[digest] = replace(self._draft.tokens[digest], is_revoked=True)


class FakeLoginAttempts:
    def __init__(self, draft: Memory) -> None:
        self._draft = draft

    async def lock_address(self, address: str) -> None:
        del address

    async def count_failures(self, account: bytes, address: str, since: datetime) -> FailureCount:
        recent = [each for each in self._draft.attempts.values() if each.address == address and each.made_at > since]
        same = [each for each in recent if each.account == account]
        return FailureCount(
            for_account=len(same),
            oldest_for_account=min((each.made_at for each in same), default=None),
            from_address=len(recent),
            oldest_from_address=min((each.made_at for each in recent), default=None),
        )

    async def add(self, attempt_id: UUID, account: bytes, address: str, now: datetime) -> None:
        self._draft.attempts[attempt_id] = Attempt(account, address, now)

    async def remove(self, attempt_id: UUID) -> None:
        del self._draft.attempts[attempt_id]


@dataclass
class FakePasswordHasher:
    """A hash is the password backwards. `checked` counts what bcrypt would have cost."""

    checked: int = 0
    is_full: bool = False

    @asynccontextmanager
    async def slot(self) -> AsyncIterator["FakePasswordHasher"]:
        if self.is_full:
            raise TooManyPasswords(retry_after=1)
        yield self

    async def hash(self, password: str) -> str:
        return password[::-1]

    async def matches(self, password: str, password_hash: str | None) -> bool:
        self.checked += 1
        return password[::-1] == password_hash


class FakeAccessTokens:
    def issue(self, user: User, now: datetime) -> AccessToken:
        return AccessToken(f"{user.username} {user.role} {now.isoformat()}", 900)
