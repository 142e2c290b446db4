"""The HTTP process: everything is put together here and nowhere else."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog
from fastapi import FastAPI

from auth_service.api import keys, me, sessions, users
from auth_service.core.keys import SigningKey
from auth_service.core.passwords import BcryptPasswordHasher
from auth_service.core.settings import Settings
from auth_service.core.tokens import JwtAccessTokens
from auth_service.repositories.queries import SqlAccountStatus, SqlUserQueries
from auth_service.repositories.unit_of_work import AuthUnitOfWork
from auth_service.services.change_profile import Profiles
from auth_service.services.first_admin import FirstAdmin, ensure_admin
from auth_service.services.login_throttle import ThrottledPasswordCheck
from auth_service.services.sessions import Sessions
from libs.backoff import Backoff
from libs.database.database import Database
from libs.database.pool_metrics import export_pool_metrics
from libs.database.query import Reader
from libs.http.app import new_api
from libs.http.security import Authenticator
from libs.observability.logs import configure_logs
from libs.observability.tracing import configure_tracing
from libs.outbox.notifier import OutboxNotifier
from libs.process.gc import freeze_startup_objects
from libs.tokens.keys import LocalKeys
from libs.tokens.verifier import TokenVerifier

log = structlog.stdlib.get_logger(__name__)

BACKOFF = Backoff(first=0.25, longest=8.0)
DESCRIPTION = "Users, roles and tokens of the shop."


def create_app(settings: Settings) -> FastAPI:
    transactions = Database(settings.database_url, pool_size=settings.database_pool_size)
    reader = Reader(settings.database_url, pool_size=settings.database_pool_size)
    notifier = OutboxNotifier(settings.database_url)
    passwords = BcryptPasswordHasher(
        cost=settings.bcrypt_cost, threads=settings.bcrypt_threads, waiting=settings.bcrypt_waiting
    )
    signing = SigningKey.load(settings.jwt_private_key_file)
    verifier = TokenVerifier(LocalKeys(signing.jwks), issuer=settings.jwt_issuer, audience=settings.jwt_audience)
    uow = partial(AuthUnitOfWork, transactions, notifier)
    guarded = ThrottledPasswordCheck(uow, passwords)
    first = FirstAdmin(settings.admin_email, settings.admin_password.get_secret_value())
    admin_is_there = asyncio.Event()

    async def make_first_admin() -> None:
        await _retry_until_done(partial(ensure_admin, uow, passwords, first))
        admin_is_there.set()

    async def first_admin() -> None:
        await admin_is_there.wait()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        making = asyncio.create_task(make_first_admin())
        async with export_pool_metrics({"transactions": transactions, "reads": reader}):
            yield
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        passwords.close()
        await notifier.aclose()
        await reader.aclose()
        await transactions.aclose()

    app = new_api(
        "Shop Auth API",
        DESCRIPTION,
        routers=[sessions.router, me.router, users.router],
        checks={"database": reader.ping, "first_admin": first_admin},
        lifespan=lifespan,
        cors_origins=settings.cors_origins,
    )
    app.include_router(keys.router)
    app.state.uow = uow
    app.state.password_hasher = passwords
    app.state.sessions = Sessions(uow, guarded, JwtAccessTokens(signing, settings.jwt_issuer, settings.jwt_audience))
    app.state.profiles = Profiles(uow, passwords, guarded)
    app.state.user_queries = SqlUserQueries(reader)
    app.state.authenticator = Authenticator(verifier, SqlAccountStatus(reader), owns_users=True)
    app.state.jwks = signing.jwks
    return app


async def _retry_until_done(work: Callable[[], Awaitable[None]]) -> None:
    """The process starts while its database is away or not yet migrated, and is not ready until this has worked."""
    for failures in itertools.count(1):
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever it is, readiness says that it is not done.
            log.warning("first_admin_not_made_yet", error=repr(error))
            await asyncio.sleep(BACKOFF.delay(failures))
        else:
            return


def __getattr__(name: str) -> FastAPI:
    """`uvicorn auth_service.main:app` makes the app from the environment; importing `create_app` needs none."""
    if name != "app":
        raise AttributeError(name)
    settings = Settings()
    configure_logs("auth-api", settings.log_level, settings.log_dir)
    configure_tracing("auth-api")
    app = create_app(settings)
    freeze_startup_objects()
    return app
