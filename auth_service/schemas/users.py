"""Users."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from auth_service.domain.user import Role
from auth_service.schemas.fields import Email, NewPassword, Password, Username
from libs.http.fields import Body, NotNull, Timestamp


class UserCreate(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {"email": "ada@example.com", "username": "ada", "password": "correct horse battery"}
        }
    )

    email: Email
    username: Username
    password: NewPassword


class ProfileUpdate(Body):
    """Any of these; what is left out stays. A new e-mail address or password needs `current_password`."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"email": "ada@example.org", "current_password": "correct horse battery"}}
    )

    email: Annotated[Email | None, NotNull] = None
    username: Annotated[Username | None, NotNull] = None
    password: Annotated[NewPassword | None, NotNull] = None
    current_password: Annotated[Password | None, NotNull] = None


class UserAdminUpdate(Body):
    """Any of these; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"role": "admin"}})

    role: Annotated[Role | None, NotNull] = None
    is_active: Annotated[bool | None, NotNull] = None


class UserResponse(BaseModel):
    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e",
                "email": "ada@example.com",
                "username": "ada",
                "role": "user",
                "is_active": True,
                "version": 1,
                "created_at": "2025-10-17T09:30:00.000000Z",
                "updated_at": "2025-10-17T09:30:00.000000Z",
            }
        },
    )

    id: UUID
    email: str
    username: str
    role: Role
    is_active: bool
    version: int
    created_at: Timestamp
    updated_at: Timestamp
