"""What the composition root has put on the app, for endpoints to ask for.

Async without need: FastAPI takes every other dependency to a thread of its own.
"""

import ipaddress
from typing import Annotated

from fastapi import Depends, Request

from auth_service.domain.ports import PasswordHasher, UnitOfWorkFactory, UserQueries
from auth_service.services.change_profile import Profiles
from auth_service.services.sessions import Sessions
from libs.http.security import Authenticator

# Whoever has one IPv6 address has all of its /64.
IPV6_SUBSCRIBER_BITS = 64


async def unit_of_work(request: Request) -> UnitOfWorkFactory:
    uow: UnitOfWorkFactory = request.app.state.uow
    return uow


async def password_hasher(request: Request) -> PasswordHasher:
    found: PasswordHasher = request.app.state.password_hasher
    return found


async def sessions(request: Request) -> Sessions:
    found: Sessions = request.app.state.sessions
    return found


async def profiles(request: Request) -> Profiles:
    found: Profiles = request.app.state.profiles
    return found


async def user_queries(request: Request) -> UserQueries:
    found: UserQueries = request.app.state.user_queries
    return found


async def authenticator(request: Request) -> Authenticator:
    found: Authenticator = request.app.state.authenticator
    return found


async def address(request: Request) -> str:
    """Whom failed attempts are counted for."""
    host = request.client.host if request.client is not None else "unknown"
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, IPV6_SUBSCRIBER_BITS), strict=False))


UowDep = Annotated[UnitOfWorkFactory, Depends(unit_of_work)]
HasherDep = Annotated[PasswordHasher, Depends(password_hasher)]
SessionsDep = Annotated[Sessions, Depends(sessions)]
ProfilesDep = Annotated[Profiles, Depends(profiles)]
UserQueriesDep = Annotated[UserQueries, Depends(user_queries)]
AuthenticatorDep = Annotated[Authenticator, Depends(authenticator)]
AddressDep = Annotated[str, Depends(address)]
