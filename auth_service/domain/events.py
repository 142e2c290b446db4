"""What can happen to a user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    # A user's methods return facts, and facts carry the user.
    from auth_service.domain.user import User


@dataclass(frozen=True, slots=True)
class UserRegistered:
    user: User


@dataclass(frozen=True, slots=True)
class UserChanged:
    user: User


@dataclass(frozen=True, slots=True)
class UserDeleted:
    """A delete is a version too, so that whoever hears of it late or twice knows that it is the last."""

    user_id: UUID
    version: int


Fact = UserRegistered | UserChanged | UserDeleted
