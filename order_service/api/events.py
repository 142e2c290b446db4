"""An order's history as server-sent events."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated
from uuid import UUID

import anyio
from fastapi import APIRouter, Depends, Header, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Message, Receive, Scope, Send

from libs.http.fast.compiled_route import CompiledRoute
from libs.http.openapi import error_responses
from libs.http.security import CurrentUser
from order_service.api.dependencies import ActorDep, FollowOrderDep
from order_service.domain.ports import Row
from order_service.exceptions import InvalidLastEventId, OrderNotFound, TooManyStreams
from order_service.schemas.orders import HistoryEntry
from order_service.services.follow_order import HistoryStream

router = APIRouter(tags=["orders"], route_class=CompiledRoute)

EVENT = "change"
VERSION = re.compile(r"[0-9]{1,18}")
KEEP_ALIVE = 15
# Of a client that takes nothing any more.
SEND_TIMEOUT = 30
# How long a stream may take to end by itself when the process does.
GRACE = 2.0
EXAMPLE = """\
id: 1
event: change
data: {"version":1,"at":"2026-03-01T12:00:00.000000Z","actor":"user:0199f3a1-02b4-7a55-8f39-6d1c1b8e2f10","from":null,"to":"pending","reason":null}

id: 2
event: change
data: {"version":2,"at":"2026-03-01T12:00:00.250000Z","actor":"catalog","from":"pending","to":"awaiting_payment","reason":null}

: ping
"""  # noqa: E501 - an event's data is one line.


async def _seen(
    last_event_id: Annotated[
        str | None, Header(description="The `id` of the last event you had; the stream goes on after it.")
    ] = None,
) -> int:
    if last_event_id is None:
        return 0
    if not VERSION.fullmatch(last_event_id):
        raise InvalidLastEventId("It is the version of an entry of the order's history, a number.")
    return int(last_event_id)


async def _story(
    order_id: UUID, viewer: ActorDep, following: FollowOrderDep, seen: Annotated[int, Depends(_seen)]
) -> AsyncIterator[HistoryStream | None]:
    """Held until the response has ended, however it ends."""
    async with following.follow(viewer, order_id, seen) as story:
        yield story


class _EventStream(EventSourceResponse):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The library's own limit is for events alone, and who takes nothing may hold up the end of a stream as well.
        async def send_in_time(message: Message) -> None:
            with anyio.fail_after(SEND_TIMEOUT):
                await send(message)

        with suppress(TimeoutError):
            await super().__call__(scope, receive, send_in_time)


@router.get(
    "/order/{order_id}/events",
    summary="Stream an order's changes",
    description=(
        "Server-sent events: every entry of the order's history, oldest first, as an event `change` whose `id` is its "
        "version and whose data is a `HistoryEntry`. Then each new one as it is written. The stream ends after an "
        "entry with a final status, and when the access token expires: follow again with a new one and "
        "`Last-Event-ID`, and nothing is missed."
    ),
    response_class=Response,
    responses={
        **error_responses(OrderNotFound, InvalidLastEventId, TooManyStreams),
        200: {
            "description": "The events",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": EXAMPLE}},
        },
        204: {"description": "`Last-Event-ID` was the last event there will be: do not come again."},
    },
)
async def follow_order(user: CurrentUser, story: Annotated[HistoryStream | None, Depends(_story)]) -> Response:
    if story is None:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    shutdown = anyio.Event()

    async def end_in_time() -> None:
        with anyio.move_on_after(user.expires_at - time.time()):
            await shutdown.wait()
        story.end()

    return _EventStream(
        (_event(entry) async for entry in story),
        sep="\n",
        ping=KEEP_ALIVE,
        ping_message_factory=lambda: ServerSentEvent(comment="ping", sep="\n"),
        data_sender_callable=end_in_time,
        shutdown_event=shutdown,
        shutdown_grace_period=GRACE,
    )


def _event(entry: Row) -> ServerSentEvent:
    data = HistoryEntry.model_validate(entry).model_dump_json(by_alias=True)
    return ServerSentEvent(data, id=str(entry["version"]), event=EVENT, sep="\n")
