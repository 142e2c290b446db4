"""Registering, logging in and out, and what tokens are worth."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from auth_service.api.dependencies import AddressDep, AuthenticatorDep, HasherDep, SessionsDep, UowDep
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
from auth_service.schemas.tokens import (
    LoginForm,
    LoginRequest,
    RefreshTokenRequest,
    TokenResponse,
    TokenVerifyRequest,
    TokenVerifyResponse,
)
from auth_service.schemas.users import UserCreate, UserResponse
from auth_service.services.register_user import Registration, register
from auth_service.services.sessions import Login, TokenPair
from libs.http.app import API
from libs.http.etag import SetETag
from libs.http.fast.compiled_route import CompiledRoute
from libs.http.openapi import error_responses
from libs.tokens.principal import InvalidToken, UserInactive

router = APIRouter(prefix="/auth", tags=["auth"], route_class=CompiledRoute)

LOGIN_ERRORS = error_responses(InvalidCredentials, UserInactive, TooManyAttempts, TooManyPasswords)
OptionalBearer = Annotated[
    HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False, scheme_name="AccessToken"))
]


@router.post(
    "/register",
    status_code=201,
    response_model=UserResponse,
    summary="Register an account",
    responses=error_responses(EmailTaken, UsernameTaken, TooManyPasswords),
)
async def register_user(body: UserCreate, uow: UowDep, passwords: HasherDep, response: Response, etag: SetETag) -> User:
    user = await register(uow, passwords, Registration(body.email, body.username, body.password))
    response.headers["Location"] = f"{API}/users/{user.id}"
    etag(user.version)
    return user


@router.post("/login", summary="Log in with e-mail address or username", responses=LOGIN_ERRORS)
async def log_in(body: LoginRequest, sessions: SessionsDep, address: AddressDep, response: Response) -> TokenResponse:
    return _tokens(await sessions.log_in(Login(body.login, body.password, address)), response)


@router.post("/token", summary="Log in (OAuth2 password form)", responses=LOGIN_ERRORS)
async def log_in_by_form(
    form: Annotated[LoginForm, Form()], sessions: SessionsDep, address: AddressDep, response: Response
) -> TokenResponse:
    return _tokens(await sessions.log_in(Login(form.username, form.password, address)), response)


@router.post(
    "/refresh",
    summary="Exchange a refresh token",
    responses=error_responses(InvalidRefreshToken, RefreshTokenReused),
)
async def refresh(body: RefreshTokenRequest, sessions: SessionsDep, response: Response) -> TokenResponse:
    return _tokens(await sessions.refresh(body.refresh_token), response)


@router.post("/logout", status_code=204, summary="Log out", responses=error_responses())
async def log_out(body: RefreshTokenRequest, sessions: SessionsDep) -> None:
    await sessions.log_out(body.refresh_token)


@router.post("/verify", summary="Verify an access token", responses=error_responses(InvalidToken, UserInactive))
async def verify(
    authenticator: AuthenticatorDep, bearer: OptionalBearer, body: TokenVerifyRequest | None = None
) -> TokenVerifyResponse:
    if body is not None and body.token is not None:
        token = body.token
    elif bearer is not None:
        token = bearer.credentials
    else:
        raise InvalidToken("Send a token in the body or in the Authorization header.")
    user = await authenticator.authenticate(token)
    return TokenVerifyResponse(user_id=user.user_id, username=user.username, role=user.role, exp=user.expires_at)


def _tokens(pair: TokenPair, response: Response) -> TokenResponse:
    # RFC 6749, 5.1: nobody on the way may keep tokens.
    response.headers["Cache-Control"] = "no-store"
    return TokenResponse(
        access_token=pair.access.token, refresh_token=pair.refresh_token, expires_in=pair.access.expires_in
    )
