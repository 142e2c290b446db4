from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auth_service.domain import refresh_token
from auth_service.domain.user import User
from auth_service.exceptions import InvalidCredentials, InvalidRefreshToken, RefreshTokenReused, TooManyAttempts
from auth_service.services.login_throttle import ThrottledPasswordCheck
from auth_service.services.manage_user import RoleOrStatusChange, change_role_or_status
from auth_service.services.sessions import Login, Sessions
from auth_service.tests.fakes import FakePasswordHasher, Memory
from auth_service.tests.unit.conftest import PASSWORD
from libs.process.ids import new_id
from libs.tokens.principal import UserInactive

HERE = "192.0.2.1"


async def log_in(sessions: Sessions, login: str = "ada", password: str = PASSWORD, address: str = HERE) -> str:
    return (await sessions.log_in(Login(login, password, address))).refresh_token


@pytest.mark.parametrize("login", ["ada@example.com", " ADA@Example.com ", "ada", "Ada", "ADA"])
@pytest.mark.usefixtures("ada")
async def test_login_by_either_name_in_any_case(sessions: Sessions, login: str) -> None:
    pair = await sessions.log_in(Login(login, PASSWORD, HERE))
    assert pair.access.token.startswith("Ada user")
    assert pair.access.expires_in == 900


@pytest.mark.usefixtures("ada")
async def test_a_wrong_login_costs_what_a_wrong_password_does(
    sessions: Sessions, passwords: FakePasswordHasher
) -> None:
    for login in ("ada", "nobody"):
        before = passwords.checked
        with pytest.raises(InvalidCredentials):
            await log_in(sessions, login, "wrong password")
        assert passwords.checked == before + 1


async def test_only_who_knows_the_password_learns_of_a_block(memory: Memory, sessions: Sessions, ada: User) -> None:
    await change_role_or_status(memory.uow, RoleOrStatusChange(ada.id, is_active=False), None)
    with pytest.raises(InvalidCredentials):
        await log_in(sessions, password="wrong password")
    with pytest.raises(UserInactive):
        await log_in(sessions)


@pytest.mark.usefixtures("ada")
async def test_ten_failures_close_the_account_to_that_address(
    sessions: Sessions, passwords: FakePasswordHasher
) -> None:
    for number in range(10):
        with pytest.raises(InvalidCredentials):
            await log_in(sessions, ("ada", "ada@example.com")[number % 2], "wrong password")
    with pytest.raises(TooManyAttempts):
        await log_in(sessions)
    assert passwords.checked == 10
    await log_in(sessions, address="192.0.2.2")


@pytest.mark.usefixtures("ada")
async def test_who_is_right_is_not_counted(memory: Memory, sessions: Sessions) -> None:
    for _ in range(12):
        await log_in(sessions)
    assert memory.attempts == {}


@pytest.mark.usefixtures("ada")
async def test_a_success_does_not_take_failures_back(memory: Memory, sessions: Sessions) -> None:
    with pytest.raises(InvalidCredentials):
        await log_in(sessions, password="wrong password")
    await log_in(sessions)
    assert len(memory.attempts) == 1


@pytest.mark.usefixtures("ada")
async def test_failures_are_forgiven_with_time(memory: Memory, sessions: Sessions) -> None:
    for _ in range(10):
        with pytest.raises(InvalidCredentials):
            await log_in(sessions, password="wrong password")
    for name, attempt in memory.attempts.items():
        memory.attempts[name] = replace(attempt, made_at=attempt.made_at - timedelta(minutes=5))
    await log_in(sessions)


async def test_two_hundred_failures_close_an_address_to_all(memory: Memory, sessions: Sessions, ada: User) -> None:
    async with memory.uow() as work:
        for number in range(200):
            await work.attempts.add(new_id(), number.to_bytes(32, "big"), HERE, datetime.now(UTC))
    with pytest.raises(TooManyAttempts):
        await log_in(sessions, ada.email)
    await log_in(sessions, ada.email, address="192.0.2.2")


@pytest.mark.usefixtures("ada")
async def test_a_password_that_changes_meanwhile_opens_nothing(memory: Memory, sessions: Sessions) -> None:
    class Slow(FakePasswordHasher):
        async def matches(self, password: str, password_hash: str | None) -> bool:
            (user,) = memory.users.values()
            user.password_hash = "another"
            return await super().matches(password, password_hash)

    slow = replace(sessions, passwords=ThrottledPasswordCheck(memory.uow, Slow()))
    with pytest.raises(InvalidCredentials):
        await log_in(slow)
    assert memory.tokens == {}


@pytest.mark.usefixtures("ada")
async def test_a_refresh_token_gives_the_next(sessions: Sessions) -> None:
    first = await log_in(sessions)
    second = (await sessions.refresh(first)).refresh_token
    third = (await sessions.refresh(second)).refresh_token
    assert len({first, second, third}) == 3


@pytest.mark.usefixtures("ada")
async def test_using_one_twice_revokes_the_family_for_good(sessions: Sessions) -> None:
    first, elsewhere = await log_in(sessions), await log_in(sessions)
    second = (await sessions.refresh(first)).refresh_token
    for _ in range(2):
        with pytest.raises(RefreshTokenReused):
            await sessions.refresh(first)
    with pytest.raises(InvalidRefreshToken):
        await sessions.refresh(second)
    await sessions.refresh(elsewhere)


@pytest.mark.usefixtures("ada")
async def test_a_token_lasts_thirty_days(memory: Memory, sessions: Sessions) -> None:
    secret = await log_in(sessions)
    (token,) = memory.tokens.values()
    assert token.expires_at - datetime.now(UTC) == pytest.approx(timedelta(days=30), abs=timedelta(minutes=1))
    memory.tokens[refresh_token.digest(secret)] = replace(token, expires_at=datetime.now(UTC))
    with pytest.raises(InvalidRefreshToken):
        await sessions.refresh(secret)


async def test_an_unknown_token_is_refused(sessions: Sessions) -> None:
    with pytest.raises(InvalidRefreshToken):
        await sessions.refresh("unknown")


@pytest.mark.usefixtures("ada")
async def test_logging_out_ends_the_family_whichever_token_is_given(sessions: Sessions) -> None:
    first = await log_in(sessions)
    second = (await sessions.refresh(first)).refresh_token
    await sessions.log_out(first)
    await sessions.log_out("unknown")
    with pytest.raises(InvalidRefreshToken):
        await sessions.refresh(second)


async def test_a_secret_is_not_stored(memory: Memory, sessions: Sessions, ada: User) -> None:
    secret = await log_in(sessions, ada.email)
    assert len(secret) >= 43
    assert secret not in repr(memory.tokens)
