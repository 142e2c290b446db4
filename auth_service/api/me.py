"""One's own account."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter

from auth_service.api.dependencies import AddressDep, ProfilesDep, UowDep, UserQueriesDep
from auth_service.domain.ports import Row
from auth_service.domain.user import User
from auth_service.exceptions import (
    CurrentPasswordRequired,
    EmailTaken,
    LastAdmin,
    TooManyAttempts,
    TooManyPasswords,
    UsernameTaken,
    UserNotFound,
    WrongPassword,
)
from auth_service.schemas.users import ProfileUpdate, UserResponse
from auth_service.services.change_profile import ProfileChange
from auth_service.services.manage_user import delete_user
from libs.http.etag import ExpectedVersions, SetETag
from libs.http.fast.compiled_route import CompiledRoute
from libs.http.openapi import error_responses
from libs.http.security import CurrentUser
from libs.tokens.principal import UserInactive

router = APIRouter(prefix="/users/me", tags=["me"], route_class=CompiledRoute)


@contextmanager
def _unless_deleted() -> Iterator[None]:
    """Who is deleted after the token was looked at is told the same as who was before."""
    try:
        yield
    except UserNotFound:
        raise UserInactive("The user no longer exists.") from None


@router.get("", response_model=UserResponse, summary="Read your account", responses=error_responses())
async def read_me(user: CurrentUser, reads: UserQueriesDep, etag: SetETag) -> Row:
    with _unless_deleted():
        me = await reads.by_id(user.user_id)
    etag(me["version"])
    return me


@router.put(
    "",
    response_model=UserResponse,
    summary="Update your account",
    responses=error_responses(
        EmailTaken, UsernameTaken, CurrentPasswordRequired, WrongPassword, TooManyAttempts, TooManyPasswords
    ),
)
async def change_me(
    user: CurrentUser,
    body: ProfileUpdate,
    profiles: ProfilesDep,
    address: AddressDep,
    expected: ExpectedVersions,
    etag: SetETag,
) -> User:
    with _unless_deleted():
        me = await profiles.change(ProfileChange(user.user_id, address, **body.model_dump()), expected)
    etag(me.version)
    return me


@router.delete("", status_code=204, summary="Delete your account", responses=error_responses(LastAdmin))
async def delete_me(user: CurrentUser, uow: UowDep, expected: ExpectedVersions) -> None:
    with _unless_deleted():
        await delete_user(uow, user.user_id, expected)
