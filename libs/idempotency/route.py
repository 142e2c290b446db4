"""`Idempotency-Key`: a POST that is sent again is not done again. See docs/architecture/idempotency.md.

An endpoint that takes `once: Once`, on a router with `route_class=IdempotentRoute`, makes its thing under the id that
`await once.claim()` gives. Claiming is a step of the endpoint and not of a dependency, so that whoever may not call it,
or sends what it does not take, claims nothing. The app keeps its `IdempotencyKeys` in `app.state.idempotency_keys`.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from libs.database.errors import is_transient
from libs.errors import DomainError, ErrorKind
from libs.http.fast.compiled_route import CompiledRoute, Handler
from libs.http.problems import STATUS, problem_response
from libs.http.security import CurrentUser
from libs.idempotency.keys import Claim, IdempotencyKeys, StoredResponse
from libs.process.failpoints import failpoint
from libs.process.ids import new_id

log = structlog.stdlib.get_logger(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
# What is answered again. A payment that was declined is one that was made; 202 is an answer to be outlived.
REPLAYABLE_STATUSES = frozenset({200, 201, 204, STATUS[ErrorKind.PAYMENT]})
SETTLE_TIMEOUT = 2.0
"""Seconds that an answer waits for being written down. It goes out unwritten, too: a retry finds what was made."""


class ReplayedResponse(Exception):
    def __init__(self, answer: StoredResponse) -> None:
        super().__init__(answer.status)
        self.response = Response(answer.body, answer.status, headers={**answer.headers, REPLAYED: "true"})


class IdempotentRequest:
    """One request, which may have come before. Without a key none has."""

    def __init__(self, keys: IdempotencyKeys) -> None:
        self._keys = keys
        self._asks: Callable[[], Awaitable[Claim | StoredResponse]] | None = None
        self._claim: Claim | None = None

    def is_of(self, user_id: UUID, key: str, fingerprint: bytes) -> None:
        self._asks = partial(self._keys.claim, user_id, key, fingerprint)

    async def claim(self) -> UUID:
        """The id for what the request makes, the same in every attempt. An attempt that was answered ends here."""
        if self._asks is None:
            return new_id()
        found = await self._asks()
        if isinstance(found, StoredResponse):
            raise ReplayedResponse(found)
        self._claim = found
        failpoint("key.claimed")
        return found.resource_id

    async def answered(self, response: Response) -> None:
        if response.status_code in REPLAYABLE_STATUSES:
            answer = StoredResponse(response.status_code, dict(response.headers), bytes(response.body))
            await self._end(partial(self._keys.complete, answer=answer))
        else:
            await self._end(partial(self._keys.release, outcome_unknown=False))

    async def refused(self) -> None:
        await self._end(self._keys.discard)

    async def failed(self) -> None:
        await self._end(partial(self._keys.release, outcome_unknown=True))

    async def _end(self, end: Callable[[Claim], Awaitable[None]]) -> None:
        if self._claim is None:
            return
        failpoint("key.used")
        try:
            async with asyncio.timeout(SETTLE_TIMEOUT):
                await end(self._claim)
        except Exception as error:
            if not is_transient(error):
                raise
            # The claim runs out by itself.
            log.warning("idempotency_key_left_claimed", error=repr(error))
        failpoint("key.ended")


class IdempotentRoute(CompiledRoute):
    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            attempt = request.state.attempt = IdempotentRequest(request.app.state.idempotency_keys)
            try:
                response = await handle(request)
            except ReplayedResponse as before:
                return before.response
            except DomainError as refusal:
                if STATUS[refusal.kind] not in REPLAYABLE_STATUSES:
                    await attempt.refused()
                    raise
                response = problem_response(request, refusal)
            except Exception:
                await attempt.failed()
                raise
            await attempt.answered(response)
            return response

        return handle_once


async def _idempotent_request(
    request: Request,
    user: CurrentUser,
    key: Annotated[
        str | None,
        Header(
            alias=HEADER,
            min_length=1,
            max_length=255,
            pattern="^[ -~]*$",
            description=(
                "Names this request, among yours, for 24 hours: sent again, it is not done again but answered as "
                f"before, with `{REPLAYED}: true`. Printable ASCII, best a new UUID."
            ),
        ),
    ] = None,
) -> IdempotentRequest:
    attempt: IdempotentRequest = request.state.attempt
    if key is not None:
        head = f"{request.method} {request.scope['path']}\n"
        attempt.is_of(user.user_id, key, hashlib.sha256(head.encode() + await request.body()).digest())
    return attempt


Idempotent = Annotated[IdempotentRequest, Depends(_idempotent_request)]
