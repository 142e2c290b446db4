"""Logging in, staying so, and logging out."""

from dataclasses import dataclass
from datetime import UTC, datetime

from auth_service.domain import credentials, refresh_token
from auth_service.domain.ports import AccessToken, AccessTokens, UnitOfWork, UnitOfWorkFactory
from auth_service.domain.user import User
from auth_service.exceptions import InvalidCredentials, InvalidRefreshToken, RefreshTokenReused, UserNotFound
from auth_service.services.login_throttle import ThrottledPasswordCheck
from libs.tokens.principal import UserInactive


@dataclass(frozen=True, slots=True)
class Login:
    login: str
    password: str
    address: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    access: AccessToken
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Sessions:
    uow: UnitOfWorkFactory
    passwords: ThrottledPasswordCheck
    access_tokens: AccessTokens

    async def log_in(self, command: Login) -> TokenPair:
        login = credentials.login(command.login)
        async with self.uow() as work:
            user = await work.users.by_login(login)
        right = await self.passwords.check(command.password, user, login=login, address=command.address)
        if user is None or not right:
            raise InvalidCredentials
        secret = refresh_token.new_secret()
        now = datetime.now(UTC)
        async with self.uow() as work:
            user = await _still_with_this_password(work, user)
            await work.refresh_tokens.start_family(user.id, refresh_token.digest(secret), now)
        return TokenPair(self.access_tokens.issue(user, now), secret)

    async def refresh(self, secret: str) -> TokenPair:
        used, fresh = refresh_token.digest(secret), refresh_token.new_secret()
        now = datetime.now(UTC)
        async with self.uow() as work:
            token = await work.refresh_tokens.lock(used)
            if token is None or token.expires_at <= now:
                raise InvalidRefreshToken
            if token.is_used:
                await work.refresh_tokens.revoke_family(token.family_id, now)
            elif token.is_revoked:
                raise InvalidRefreshToken
            else:
                await work.refresh_tokens.rotate(token.family_id, used, refresh_token.digest(fresh), now)
                user = await work.users.by_id(token.user_id)
        if token.is_used:
            # Outside the transaction: it must not take the revocation back.
            raise RefreshTokenReused
        return TokenPair(self.access_tokens.issue(user, now), fresh)

    async def log_out(self, secret: str) -> None:
        """Also with a token that is used already or was never one."""
        async with self.uow() as work:
            token = await work.refresh_tokens.lock(refresh_token.digest(secret))
            if token is not None:
                await work.refresh_tokens.revoke_family(token.family_id, datetime.now(UTC))


async def _still_with_this_password(work: UnitOfWork, checked: User) -> User:
    """The user, locked: a session that begins while the password changes must not outlive the old one."""
    try:
        user = await work.users.for_change(checked.id)
    except UserNotFound:
        raise InvalidCredentials from None
    if user.password_hash != checked.password_hash:
        raise InvalidCredentials
    if not user.is_active:
        raise UserInactive("The user has been blocked.")
    return user
