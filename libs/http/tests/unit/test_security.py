import time
from collections.abc import Mapping
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from libs.http.security import Authenticator
from libs.process.ids import new_id
from libs.tokens.principal import AccountStatus, InvalidToken, Principal, Role

USER = new_id()


class Verifier:
    """Takes a role for a token."""

    async def verify(self, token: str) -> Principal:
        roles: Mapping[str, Role] = {"user": "user", "admin": "admin"}
        if token not in roles:
            raise InvalidToken("no")
        return Principal(USER, "ada", roles[token], int(time.time()) + 60)


class Known:
    def __init__(self, standing: AccountStatus | None) -> None:
        self._standing = standing

    async def status_of(self, user_id: UUID) -> AccountStatus | None:
        assert user_id == USER
        return self._standing


async def call(
    app: FastAPI,
    client: httpx.AsyncClient,
    path: str,
    token: str,
    standing: AccountStatus | None,
    *,
    here: bool = False,
) -> tuple[int, str | None]:
    app.state.authenticator = Authenticator(Verifier(), Known(standing), owns_users=here)  # type: ignore[arg-type]
    response = await client.get(path, headers={"Authorization": f"Bearer {token}"})
    return response.status_code, response.json().get("code")


@pytest.mark.parametrize(
    ("token", "standing", "expected"),
    [
        ("user", None, (200, None)),
        ("user", AccountStatus("user", is_active=True), (200, None)),
        ("user", AccountStatus("user", is_active=False), (401, "user_inactive")),
        ("nonsense", None, (401, "invalid_token")),
    ],
)
async def test_what_is_known_of_a_user_outweighs_the_token(
    app: FastAPI,
    client: httpx.AsyncClient,
    token: str,
    standing: AccountStatus | None,
    expected: tuple[int, str | None],
) -> None:
    assert await call(app, client, "/books/mine", token, standing) == expected


async def test_where_the_users_are_an_unknown_one_is_gone(app: FastAPI, client: httpx.AsyncClient) -> None:
    assert await call(app, client, "/books/mine", "user", None, here=True) == (401, "user_inactive")


@pytest.mark.parametrize(
    ("token", "standing", "status"),
    [
        ("admin", None, 200),
        ("user", None, 403),
        ("admin", AccountStatus("user", is_active=True), 403),
        ("user", AccountStatus("admin", is_active=True), 200),
        ("admin", AccountStatus("admin", is_active=False), 401),
    ],
)
async def test_an_admin_is_who_is_one_now(
    app: FastAPI, client: httpx.AsyncClient, token: str, standing: AccountStatus | None, status: int
) -> None:
    assert (await call(app, client, "/books/secret", token, standing))[0] == status
