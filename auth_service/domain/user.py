"""A user, and what may be done to one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from auth_service.domain.events import UserChanged, UserDeleted, UserRegistered
from auth_service.exceptions import LastAdmin

Role = Literal["user", "admin"]


@dataclass(slots=True)
class User:
    """`version` grows by one with each change, and each version is told of by one event."""

    id: UUID
    email: str
    username: str
    password_hash: str
    role: Role
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def register(
        cls, user_id: UUID, *, email: str, username: str, password_hash: str, now: datetime, role: Role = "user"
    ) -> tuple[Self, UserRegistered]:
        user = cls(
            id=user_id,
            email=email,
            username=username,
            password_hash=password_hash,
            role=role,
            is_active=True,
            version=1,
            created_at=now,
            updated_at=now,
        )
        return user, UserRegistered(user)

    @property
    def is_active_admin(self) -> bool:
        return self.role == "admin" and self.is_active

    def change_profile(
        self,
        now: datetime,
        *,
        email: str | None = None,
        username: str | None = None,
        password_hash: str | None = None,
    ) -> UserChanged | None:
        """None changes nothing, and so does a value that is there already: then there is no new version."""
        before = (self.email, self.username, self.password_hash)
        self.email = email or self.email
        self.username = username or self.username
        self.password_hash = password_hash or self.password_hash
        return self._changed(now) if before != (self.email, self.username, self.password_hash) else None

    def change_role_or_status(
        self, now: datetime, *, role: Role | None, is_active: bool | None, other_admins: bool
    ) -> UserChanged | None:
        """`other_admins` tells whether there is an active admin beside this user."""
        new_role = role or self.role
        active = self.is_active if is_active is None else is_active
        stays_admin = new_role == "admin" and active
        if self.is_active_admin and not stays_admin and not other_admins:
            raise LastAdmin
        if (new_role, active) == (self.role, self.is_active):
            return None
        self.role, self.is_active = new_role, active
        return self._changed(now)

    def delete(self, *, other_admins: bool) -> UserDeleted:
        if self.is_active_admin and not other_admins:
            raise LastAdmin
        return UserDeleted(self.id, self.version + 1)

    def _changed(self, now: datetime) -> UserChanged:
        self.version += 1
        self.updated_at = now
        return UserChanged(self)
