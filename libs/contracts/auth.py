"""What auth_service tells about its users."""

from typing import ClassVar, Literal
from uuid import UUID

from libs.contracts.base import Moment, StateEvent, Text

Role = Literal["user", "admin"]


class _UserEvent(StateEvent):
    source: ClassVar[str] = "/auth"
    aggregate: ClassVar[str] = "user"

    @property
    def about(self) -> UUID:
        return self.id


class _UserState(_UserEvent):
    email: Text
    username: Text
    role: Role
    is_active: bool
    created_at: Moment
    updated_at: Moment


class UserCreated(_UserState):
    type: ClassVar[str] = "user.created"


class UserUpdated(_UserState):
    type: ClassVar[str] = "user.updated"


class UserDeleted(_UserEvent):
    type: ClassVar[str] = "user.deleted"


UserEvent = UserCreated | UserUpdated | UserDeleted
