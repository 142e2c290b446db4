"""From a request to its endpoint in one step, where FastAPI takes ten: routers in routers, each with layers around it.

What it does not find, and what is no plain endpoint, is left to FastAPI: other methods, unknown paths, documentation.
"""

from collections import defaultdict
from collections.abc import Callable
from re import Pattern
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.convertors import StringConvertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from libs.http.fast.compiled_route import CompiledEndpoint, CompiledRoute, Handler


class RouteEntry(NamedTuple):
    path: Pattern[str]
    route: BaseRoute
    handle: Handler | None


class FastRouter:
    def __init__(self, app: FastAPI, usual: ASGIApp) -> None:
        self._usual = usual
        self._answers = app.exception_handlers
        self._entries = _entries(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for entry in self._entries.get(scope["method"], ()) if scope["type"] == "http" else ():
            if found := entry.path.match(scope["path"]):
                if entry.handle is None:
                    break
                scope["route"] = entry.route
                scope["path_params"] = found.groupdict()
                response = await self._response(entry.handle, Request(scope, receive, send))
                await response(scope, receive, send)
                return
        await self._usual(scope, receive, send)

    async def _response(self, handle: Handler, request: Request) -> Response:
        try:
            return await handle(request)
        except Exception as error:
            answer = self._answer_to(error)
            if answer is None:
                raise
            response: Response = await answer(request, error)
            return response

    def _answer_to(self, error: Exception) -> Callable[[Request, Exception], Any] | None:
        return next((self._answers[kind] for kind in type(error).__mro__ if kind in self._answers), None)


def _entries(app: FastAPI) -> dict[str, list[RouteEntry]]:
    """Of each method, in the order in which FastAPI would try them."""
    entries: defaultdict[str, list[RouteEntry]] = defaultdict(list)
    for context in iter_route_contexts(app.routes):
        if context.path is None:
            continue
        path, _, convertors = compile_path(context.path)
        route = context.original_route
        handle = None
        if isinstance(route, CompiledRoute) and all(isinstance(each, StringConvertor) for each in convertors.values()):
            # As FastAPI does with the routes that it includes.
            route.dependency_overrides_provider = app
            if CompiledEndpoint.of(route) is not None:
                handle = route.get_route_handler()
        for method in context.methods or ():
            entries[method].append(RouteEntry(path, route, handle))
    return dict(entries)
