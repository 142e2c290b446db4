"""Registering, logging in and out, and what tokens are worth."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from auth_service.api.dependencies import Address, PasswordPool, SessionCases, TokenAuthenticator, Uow
from auth_service.domain.user import User
from auth_service.exceptions import (
    EmailTaken,
    InvalidCredentials,
    InvalidRefreshToken,
    RefreshTokenReused,
    TooManyAttempts,
    TooManyPasswords,
    UsernameTaken,
)
from auth_service.schemas.tokens import LogIn, PasswordForm, RefreshTokenIn, Tokens, Verified, Verify
from auth_service.schemas.users import Register, UserOut
from auth_service.services.registration import Registration, register
from auth_service.services.sessions import Login, TokenPair
from libs.http.app import API
from libs.http.etag import SetETag
from libs.http.fast.compiled_route import CompiledRoute
from libs.http.openapi import error_responses
from libs.tokens.principal import InvalidToken, UserInactive

router = APIRouter(prefix="/auth", tags=["auth"], route_class=CompiledRoute)

REFUSING_LOGIN = error_responses(InvalidCredentials, UserInactive, TooManyAttempts, TooManyPasswords)
OptionalBearer = Annotated[
    HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False, scheme_name="AccessToken"))
]


@router.post(
    "/register",
    status_code=201,
    response_model=UserOut,
    summary="Register",
    responses=error_responses(EmailTaken, UsernameTaken, TooManyPasswords),
)
async def register_user(body: Register, uow: Uow, passwords: PasswordPool, response: Response, etag: SetETag) -> User:
    user = await register(uow, passwords, Registration(body.email, body.username, body.password))
    response.headers["Location"] = f"{API}/users/{user.id}"
    etag(user.version)
    return user


@router.post("/login", summary="Log in with e-mail address or username", responses=REFUSING_LOGIN)
async def log_in(body: LogIn, sessions: SessionCases, address: Address, response: Response) -> Tokens:
    return _tokens(await sessions.log_in(Login(body.login, body.password, address)), response)


@router.post("/token", summary="Log in with the form of OAuth2", responses=REFUSING_LOGIN)
async def log_in_by_form(
    form: Annotated[PasswordForm, Form()], sessions: SessionCases, address: Address, response: Response
) -> Tokens:
    return _tokens(await sessions.log_in(Login(form.username, form.password, address)), response)


@router.post(
    "/refresh",
    summary="Change a refresh token for a new pair of tokens",
    responses=error_responses(InvalidRefreshToken, RefreshTokenReused),
)
async def refresh(body: RefreshTokenIn, sessions: SessionCases, response: Response) -> Tokens:
    return _tokens(await sessions.refresh(body.refresh_token), response)


@router.post("/logout", status_code=204, summary="Log out", responses=error_responses())
async def log_out(body: RefreshTokenIn, sessions: SessionCases) -> None:
    await sessions.log_out(body.refresh_token)


@router.post("/verify", summary="Tell whose an access token is", responses=error_responses(InvalidToken, UserInactive))
async def verify(authenticator: TokenAuthenticator, bearer: OptionalBearer, body: Verify | None = None) -> Verified:
    if body is not None and body.token is not None:
        token = body.token
    elif bearer is not None:
        token = bearer.credentials
    else:
        raise InvalidToken("Send a token in the body or in the Authorization header.")
    user = await authenticator.authenticate(token)
    return Verified(user_id=user.user_id, username=user.username, role=user.role, exp=user.expires_at)


def _tokens(pair: TokenPair, response: Response) -> Tokens:
    # RFC 6749, 5.1: nobody on the way may keep tokens.
    response.headers["Cache-Control"] = "no-store"
    return Tokens(access_token=pair.access.token, refresh_token=pair.refresh_token, expires_in=pair.access.expires_in)
