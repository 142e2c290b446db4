"""Logging in and what comes of it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from auth_service.domain.user import Role
from auth_service.schemas.fields import Password
from libs.http.fields import Body, NotNull, Text

LoginName = Annotated[Text, Field(min_length=1, max_length=320)]


class LoginRequest(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"login": "ada", "password": "correct horse battery"}})

    login: LoginName = Field(description="E-mail address or username, in any case.")
    password: Password


class LoginForm(Body):
    """The form of OAuth2's password grant (RFC 6749, 4.3.2). Only the first two are looked at."""

    model_config = ConfigDict(json_schema_extra={"example": {"username": "ada", "password": "correct horse battery"}})

    username: LoginName
    password: Password
    grant_type: Literal["", "password"] = "password"
    scope: str = ""
    client_id: str | None = None
    client_secret: str | None = None


class RefreshTokenRequest(Body):
    model_config = ConfigDict(
        json_schema_extra={"example": {"refresh_token": "pXrWdDMoDmpUzKjIxJ7qDQdYQpXlqZ1cY8rO5bM0s3E"}}
    )

    refresh_token: Text


class TokenVerifyRequest(Body):
    """Without `token`, the one in the Authorization header is verified."""

    model_config = ConfigDict(json_schema_extra={"example": {"token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTk5In0.c2ln"}})

    token: Annotated[str | None, NotNull] = None


class TokenResponse(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "access_token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTk5In0.c2ln",
                "refresh_token": "pXrWdDMoDmpUzKjIxJ7qDQdYQpXlqZ1cY8rO5bM0s3E",
                "token_type": "bearer",
                "expires_in": 900,
            }
        }
    )

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of the scheme, no secret.
    expires_in: int = Field(description="Seconds for which the access token is valid.")


class TokenVerifyResponse(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "valid": True,
                "user_id": "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e",
                "username": "ada",
                "role": "user",
                "exp": 1760693400,
            }
        }
    )

    valid: Literal[True] = True
    user_id: UUID
    username: str
    role: Role
    exp: int = Field(description="When the token expires, in seconds since 1970.")


_PUBLIC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
    "alg": "ES256",
    "use": "sig",
}


class PublicKeyResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {**_PUBLIC_KEY}})

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    alg: str
    use: str


class KeySetResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"keys": [{**_PUBLIC_KEY}]}})

    keys: list[PublicKeyResponse]
