"""Users, for admins."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from auth_service.api.dependencies import UowDep, UserQueriesDep
from auth_service.domain.ports import Row, UserFilter
from auth_service.domain.user import Role, User
from auth_service.exceptions import LastAdmin, UserNotFound
from auth_service.schemas.users import UserAdminUpdate, UserResponse
from auth_service.services.manage_user import RoleOrStatusChange, change_role_or_status, delete_user
from libs.database.keyset import read_cursor, write_cursor
from libs.http.etag import ExpectedVersions, SetETag
from libs.http.fast.compiled_route import CompiledRoute
from libs.http.fields import TrimmedText
from libs.http.openapi import error_responses
from libs.http.pagination import Page, Pagination, build_page
from libs.http.security import current_admin

router = APIRouter(prefix="/users", tags=["users"], dependencies=[Depends(current_admin)], route_class=CompiledRoute)

NEWEST = "users"


@router.get("", response_model=Page[UserResponse], summary="List users, newest first", responses=error_responses())
async def list_users(
    reads: UserQueriesDep,
    page: Pagination,
    q: Annotated[
        TrimmedText | None, Query(max_length=320, description="How the e-mail address or username begins.")
    ] = None,
    role: Role | None = None,
    is_active: bool | None = None,
) -> dict[str, Any]:
    wanted = UserFilter(q.lower() if q else None, role, is_active)
    before = read_cursor(page.cursor, NEWEST, [UUID])[0] if page.cursor is not None else None
    rows = await reads.newest(wanted, before=before, limit=page.limit + 1)
    total = await reads.count(wanted) if page.with_total else None
    return build_page(rows, page.limit, lambda row: write_cursor(NEWEST, [row["id"]]), total)


@router.get("/{user_id}", response_model=UserResponse, summary="Read a user", responses=error_responses(UserNotFound))
async def read_user(user_id: UUID, reads: UserQueriesDep, etag: SetETag) -> Row:
    user = await reads.by_id(user_id)
    etag(user["version"])
    return user


@router.patch(
    "/{user_id}",
    response_model=UserResponse,
    summary="Change a user's role or status",
    responses=error_responses(UserNotFound, LastAdmin),
)
async def change_user(
    user_id: UUID, body: UserAdminUpdate, uow: UowDep, expected: ExpectedVersions, etag: SetETag
) -> User:
    user = await change_role_or_status(uow, RoleOrStatusChange(user_id, body.role, body.is_active), expected)
    etag(user.version)
    return user


@router.delete(
    "/{user_id}", status_code=204, summary="Delete a user", responses=error_responses(UserNotFound, LastAdmin)
)
async def delete_user_by_id(user_id: UUID, uow: UowDep, expected: ExpectedVersions) -> None:
    await delete_user(uow, user_id, expected)
