"""Answers from memory before anything else looks at the request, and keeps answers for the next one."""

from collections.abc import Callable, Iterable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from libs.http.etag import matches_etag
from libs.http.fast.compiled_route import CompiledRoute, Handler
from libs.http.fast.response_cache import HITS, CachedResponse, PendingRead, ResponseCache

# Whoever sends one of them gets what the database says. A token, because nobody may see an older version of what they
# have just changed, whichever process answers; and none changes anything without one.
BYPASS_HEADERS = frozenset({b"authorization", b"cache-control", b"pragma"})


class CacheMiddleware:
    def __init__(self, app: ASGIApp, cache: ResponseCache) -> None:
        self._app = app
        self._cache = cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._cache.get(scope["path"]) if _asks_for_a_page(scope) else None
        if answer is None or not BYPASS_HEADERS.isdisjoint(name for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        HITS.inc()
        scope["route"] = answer.route
        if _is_known(answer, scope["headers"]):
            await Response(status_code=304, headers={"ETag": answer.tag})(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})


def _asks_for_a_page(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] == "GET" and not scope["query_string"]


def _is_known(answer: CachedResponse, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    known = [value.decode("latin-1") for name, value in headers if name == b"if-none-match"]
    return bool(known) and matches_etag(",".join(known), answer.tag)


class CachedRoute(CompiledRoute):
    """For endpoints that take `cacheable: MarkCacheable`. The app keeps its `ResponseCache` in `app.state.cache`."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_and_cache(request: Request) -> Response:
            cache: ResponseCache = request.app.state.cache
            with cache.reading() as reading:
                request.state.reading = reading
                response = await handle(request)
                cache.put(request.scope["path"], reading, self, response)
            return response

        return handle_and_cache


async def _mark_cacheable(request: Request) -> Callable[[UUID], None]:
    reading: PendingRead = request.state.reading
    return reading.shows


async def _invalidate(request: Request) -> Callable[[UUID], None]:
    cache: ResponseCache = request.app.state.cache
    return cache.invalidate


MarkCacheable = Annotated[Callable[[UUID], None], Depends(_mark_cacheable)]
"""Called with the id of what is shown: everybody may be shown the same, until it is forgotten."""

InvalidateCache = Annotated[Callable[[UUID], None], Depends(_invalidate)]
"""Called with the id of what was changed, once that is committed."""
