"""A small API that makes things once. The token is the user's id, and the body says what happens."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol
from uuid import UUID

import httpx
from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import ConfigDict

from libs.errors import DomainError, ErrorKind
from libs.http.app import API, new_api
from libs.http.etag import SetETag
from libs.http.fields import Body
from libs.http.openapi import error_responses
from libs.http.security import Authenticator, CurrentUser
from libs.idempotency.keys import IdempotencyKeys
from libs.idempotency.route import Idempotent, IdempotentRoute
from libs.tokens.principal import AccountStatus, Principal

How = Literal["printed", "queued", "jammed", "unpaid", "broken"]


class Jammed(DomainError):
    """The press is jammed."""

    kind = ErrorKind.CONFLICT
    code = "jammed"


class Unpaid(DomainError):
    """The print was not paid for."""

    kind = ErrorKind.PAYMENT
    code = "unpaid"


class Press(Protocol):
    async def make(self, print_id: UUID, how: How) -> None: ...


class Print(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"how": "printed"}})

    how: How = "printed"


router = APIRouter(route_class=IdempotentRoute)


@router.post("/print", summary="Print", status_code=201, responses=error_responses(Jammed, Unpaid))
@router.post("/poster", summary="Print large", status_code=201, responses=error_responses(Jammed, Unpaid))
async def make_print(
    body: Print, once: Idempotent, request: Request, response: Response, etag: SetETag
) -> dict[str, UUID]:
    press: Press = request.app.state.press
    print_id = await once.claim()
    await press.make(print_id, body.how)
    match body.how:
        case "jammed":
            raise Jammed("Try another day.")
        case "unpaid":
            raise Unpaid("The card was declined.")
        case "broken":
            raise RuntimeError("a wheel came off")
        case "queued":
            response.status_code = 202
    response.headers["Location"] = f"{API}/print/{print_id}"
    etag(1)
    return {"id": print_id}


@router.post("/clean", summary="Clean", status_code=204, responses=error_responses())
async def clean(user: CurrentUser) -> None:
    del user


class Verifier:
    async def verify(self, token: str) -> Principal:
        return Principal(UUID(token), "ada", "user", int(time.time()) + 60)


class Nobody:
    async def status_of(self, _user_id: UUID) -> AccountStatus | None:
        return None


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield


def make_app(keys: IdempotencyKeys, press: Press) -> FastAPI:
    app = new_api("press", "Prints.", routers=[router], checks={}, lifespan=lifespan, cors_origins=[])
    app.state.authenticator = Authenticator(Verifier(), Nobody())  # type: ignore[arg-type]
    app.state.idempotency_keys = keys
    app.state.press = press
    return app


class Customer:
    def __init__(self, app: FastAPI, user_id: UUID) -> None:
        self.user_id = user_id
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {user_id}"}
        self.http = httpx.AsyncClient(transport=transport, base_url=f"http://press{API}", headers=headers)

    async def print(self, key: str | None, how: str = "printed", path: str = "/print", **body: Any) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.http.post(path, json={"how": how, **body}, headers=headers)


def replayed(response: httpx.Response) -> bool:
    return "Idempotency-Replayed" in response.headers
