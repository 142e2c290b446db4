"""Who may call an endpoint: bearer token → principal, corrected by what the service itself knows of the user."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import OAuth2PasswordBearer

from libs.observability.context import user_id
from libs.tokens.principal import AccountStatusSource, Forbidden, NotAuthenticated, Principal, UserInactive
from libs.tokens.verifier import TokenVerifier


@dataclass(frozen=True, slots=True)
class Authenticator:
    """`owns_users`: this service owns the users, so one it does not know is gone rather than not yet heard of."""

    verifier: TokenVerifier
    accounts: AccountStatusSource
    owns_users: bool = False

    async def authenticate(self, token: str) -> Principal:
        principal = await self.verifier.verify(token)
        standing = await self.accounts.status_of(principal.user_id)
        if standing is None:
            if self.owns_users:
                raise UserInactive("The user no longer exists.")
            return principal
        if not standing.is_active:
            raise UserInactive("The user has been blocked or deleted.")
        return principal if standing.role == principal.role else replace(principal, role=standing.role)


# Documents the scheme and gives Swagger its Authorize button. The scope only says in the documentation what is for
# admins; what somebody may do is decided by the role.
SCHEME = "OAuth2PasswordBearer"
ADMIN = "admin"
TOKEN_PATH = "/api/v1/auth/token"  # noqa: S105 - a path, no secret.
bearer = OAuth2PasswordBearer(TOKEN_PATH, scheme_name=SCHEME, scopes={ADMIN: "for admins"}, auto_error=False)


def document_token_source(document: dict[str, Any]) -> None:
    """Where nobody can log in, Swagger's Authorize asks for a token that auth_service has given."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    if SCHEME in schemes and TOKEN_PATH not in document["paths"]:
        schemes[SCHEME] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


async def current_user(request: Request, token: Annotated[str | None, Depends(bearer)]) -> Principal:
    """The app keeps its `Authenticator` in `app.state.authenticator`."""
    if not token:
        raise NotAuthenticated("Send an access token in the Authorization header.")
    authenticator: Authenticator = request.app.state.authenticator
    principal = await authenticator.authenticate(token)
    user_id.set(str(principal.user_id))
    return principal


async def current_admin(user: Annotated[Principal, Security(current_user, scopes=[ADMIN])]) -> Principal:
    if not user.is_admin:
        raise Forbidden("This needs the role admin.")
    return user


CurrentUser = Annotated[Principal, Depends(current_user)]
CurrentAdmin = Annotated[Principal, Depends(current_admin)]
