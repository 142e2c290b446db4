"""Answers what nobody caught. It stands inside CORS: a page of another origin may read that answer like any other."""

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.http.problems import unhandled_error_response

log = structlog.stdlib.get_logger(__name__)


class ErrorMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_noticing(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noticing)
        except Exception as error:
            if begun:  # The connection must break, so that nobody takes the response for whole.
                log.exception("response_broken_off")
                raise
            await unhandled_error_response(Request(scope), error)(scope, receive, send)
