"""The HTTP application that every service starts from."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

from libs import __version__
from libs.http.error_middleware import ErrorMiddleware
from libs.http.etag import install_not_modified
from libs.http.fast.cache_middleware import CacheMiddleware
from libs.http.fast.fast_router import FastRouter
from libs.http.fast.response_cache import ResponseCache
from libs.http.health import Check, health_router
from libs.http.metrics import router as metrics_router
from libs.http.openapi import add_implied_responses
from libs.http.problems import install_problem_handlers
from libs.http.request_middleware import REQUEST_ID, RequestContextMiddleware, is_quiet
from libs.http.security import document_token_source
from libs.observability import tracing

API = "/api/v1"


class _Api(FastAPI):
    cors_origins: Sequence[str] = ()
    cache: ResponseCache | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not tracing.enabled():
            # FastAPI would read the environment before each request, to find out whether somebody takes spans.
            await Starlette.__call__(self, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """Few layers, because each costs every request. FastAPI's own stand only before what is left to it."""
        handlers = cast("Mapping[Any, ExceptionHandler]", self.exception_handlers)
        app: ASGIApp = ExceptionMiddleware(AsyncExitStackMiddleware(self.router), handlers)
        if not tracing.enabled():  # Else FastAPI's router tells the span which endpoint it is of.
            app = FastRouter(self, app)
        app = ErrorMiddleware(app)
        if self.cache is not None:
            app = CacheMiddleware(app, self.cache)
        if self.cors_origins:
            app = CORSMiddleware(
                app,
                allow_origins=list(self.cors_origins),
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=["ETag", "Location", "Retry-After", "Idempotency-Replayed", REQUEST_ID],
            )
        app = RequestContextMiddleware(app)
        for middleware, args, kwargs in reversed(self.user_middleware):
            app = middleware(app, *args, **kwargs)
        return app

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        add_implied_responses(document)
        document_token_source(document)
        return document


def new_api(
    title: str,
    description: str,
    *,
    routers: Sequence[APIRouter],
    checks: Mapping[str, Check],
    lifespan: tracing.Lifespan[FastAPI],
    cors_origins: Sequence[str],
    cache: ResponseCache | None = None,
) -> FastAPI:
    app = _Api(
        title=title,
        description=description,
        version=__version__,
        lifespan=tracing.flush_on_shutdown(lifespan),
        redirect_slashes=False,
        # FastAPI makes a span of each request as soon as somebody takes spans. The rest is told by other means.
        telemetry={"metrics": False, "logs": False, "operation_spans": False, "exclude": is_quiet},
    )
    app.cors_origins = cors_origins
    app.cache = app.state.cache = cache
    install_problem_handlers(app)
    install_not_modified(app)
    for router in routers:
        app.include_router(router, prefix=API)
    app.include_router(health_router(checks))
    app.include_router(metrics_router)
    return app
