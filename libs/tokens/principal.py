"""Who is asking."""

from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from libs.errors import DomainError, ErrorKind

Role = Literal["user", "admin"]


class NotAuthenticated(DomainError):
    """An access token is needed."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "not_authenticated"


class InvalidToken(DomainError):
    """The access token is not valid."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "invalid_token"


class UserInactive(DomainError):
    """The user has been blocked or deleted."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "user_inactive"


class Forbidden(DomainError):
    """Known, but not allowed to do this."""

    kind = ErrorKind.FORBIDDEN
    code = "forbidden"


class KeysUnavailable(DomainError):
    """The keys that tokens are verified with cannot be had right now."""

    kind = ErrorKind.UNAVAILABLE
    code = "keys_unavailable"


@dataclass(frozen=True, slots=True)
class Principal:
    """A user as an access token tells of them. `expires_at` is in seconds since 1970."""

    user_id: UUID
    username: str
    role: Role
    expires_at: int

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """What the service itself knows of a user; it outweighs the token, which may be older."""

    role: Role
    is_active: bool


class AccountStatusSource(Protocol):
    """Where a service looks a user up: auth_service in its users, the others in their replica."""

    async def status_of(self, user_id: UUID) -> AccountStatus | None:
        """None if the user is not known here (yet)."""
