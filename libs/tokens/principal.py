"""Who is asking."""

from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from libs.refusals import Kind, Refusal

Role = Literal["user", "admin"]


class NotAuthenticated(Refusal):
    """An access token is needed."""

    kind = Kind.UNAUTHENTICATED
    code = "not_authenticated"


class InvalidToken(Refusal):
    """The access token is not valid."""

    kind = Kind.UNAUTHENTICATED
    code = "invalid_token"


class UserInactive(Refusal):
    """The user has been blocked or deleted."""

    kind = Kind.UNAUTHENTICATED
    code = "user_inactive"


class Forbidden(Refusal):
    """Known, but not allowed to do this."""

    kind = Kind.FORBIDDEN
    code = "forbidden"


class KeysUnavailable(Refusal):
    """The keys that tokens are verified with cannot be had right now."""

    kind = Kind.UNAVAILABLE
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
class Standing:
    """What the service itself knows of a user; it outweighs the token, which may be older."""

    role: Role
    is_active: bool


class Standings(Protocol):
    """Where a service looks a user up: auth_service in its users, the others in their replica."""

    async def standing(self, user_id: UUID) -> Standing | None:
        """None if the user is not known here (yet)."""
