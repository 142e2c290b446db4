"""What the use cases need of the world; `repositories` and `core` provide it."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self
from uuid import UUID

from auth_service.domain.events import Fact, UserDeleted
from auth_service.domain.login_limits import FailureCount
from auth_service.domain.refresh_token import RefreshToken
from auth_service.domain.user import Role, User

Row = dict[str, Any]


class Users(Protocol):
    async def add(self, user: User) -> None:
        """Raises `EmailTaken` or `UsernameTaken`."""

    async def by_id(self, user_id: UUID) -> User:
        """Raises `UserNotFound`."""

    async def by_login(self, login: str) -> User | None:
        """By e-mail address or username, in the spelling of `credentials.login`."""

    async def for_change(self, user_id: UUID) -> User:
        """Locks the user. Raises `UserNotFound`."""

    async def for_change_with_admins(self, user_id: UUID) -> tuple[User, bool]:
        """Locks the user and every active admin; tells whether there is an active admin beside the user.

        Raises `UserNotFound`.
        """

    async def save(self, user: User) -> None:
        """Raises `EmailTaken` or `UsernameTaken`."""

    async def remove(self, deleted: UserDeleted, now: datetime) -> None:
        """Takes away all that is known of the user, and remembers that this id was one."""

    async def has_active_admin(self) -> bool: ...


class RefreshTokens(Protocol):
    async def start_family(self, user_id: UUID, digest: bytes, now: datetime) -> None:
        """The first token of a login."""

    async def lock(self, digest: bytes) -> RefreshToken | None:
        """Locks the token's family, so that of two uses at once one comes second."""

    async def rotate(self, family_id: UUID, used: bytes, fresh: bytes, now: datetime) -> None:
        """Marks one as used and adds the next."""

    async def revoke_family(self, family_id: UUID, now: datetime) -> None: ...

    async def revoke_all(self, user_id: UUID, now: datetime) -> None: ...


class LoginAttempts(Protocol):
    async def lock_address(self, address: str) -> None:
        """Until the end of the transaction no other one counts the attempts from this address."""

    async def count_failures(self, account: bytes, address: str, since: datetime) -> FailureCount: ...

    async def add(self, attempt_id: UUID, account: bytes, address: str, now: datetime) -> None: ...

    async def remove(self, attempt_id: UUID) -> None: ...


class UnitOfWork(Protocol):
    """A transaction: committed when its block ends without an error."""

    users: Users
    refresh_tokens: RefreshTokens
    attempts: LoginAttempts

    def record(self, fact: Fact) -> None: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class UnitOfWorkFactory(Protocol):
    def __call__(self) -> UnitOfWork: ...


class HasherSlot(Protocol):
    """The right to keep one core busy for a while."""

    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Takes the same time where there is no hash."""


class PasswordHasher(Protocol):
    def slot(self) -> AbstractAsyncContextManager[HasherSlot]:
        """Waits until it is one's turn. Raises `TooManyPasswords` if that would take too long."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    token: str
    expires_in: int
    """Seconds."""


class AccessTokens(Protocol):
    def issue(self, user: User, now: datetime) -> AccessToken: ...


@dataclass(frozen=True, slots=True)
class UserFilter:
    """None filters nothing. `prefix` begins the e-mail address or the username, in any case."""

    prefix: str | None = None
    role: Role | None = None
    is_active: bool | None = None


class UserQueries(Protocol):
    async def by_id(self, user_id: UUID) -> Row:
        """Raises `UserNotFound`."""

    async def newest(self, wanted: UserFilter, *, before: UUID | None, limit: int) -> Sequence[Row]:
        """Newest first, from the one after `before` on."""

    async def count(self, wanted: UserFilter) -> int: ...
