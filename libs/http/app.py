"""The HTTP application that every service starts from."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Lifespan

from libs.http.envelope import REQUEST_ID, Envelope, is_quiet
from libs.http.etag import install_not_modified
from libs.http.health import Check, health_router
from libs.http.last_handler import LastHandler
from libs.http.metrics import router as metrics_router
from libs.http.openapi import document_implied
from libs.http.problems import install_problem_handlers
from libs.http.security import document_token_source

API = "/api/v1"


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document_implied(document)
        document_token_source(document)
        return document


def new_api(
    title: str,
    description: str,
    *,
    routers: Sequence[APIRouter],
    checks: Mapping[str, Check],
    lifespan: Lifespan[FastAPI],
    cors_origins: Sequence[str],
) -> FastAPI:
    app = _Api(
        title=title,
        description=description,
        version="1.0.0",
        lifespan=lifespan,
        redirect_slashes=False,
        # FastAPI makes a span of each request as soon as somebody takes spans. The rest is told by other means.
        telemetry={"metrics": False, "logs": False, "operation_spans": False, "exclude": is_quiet},
    )
    install_problem_handlers(app)
    install_not_modified(app)
    for router in routers:
        app.include_router(router, prefix=API)
    app.include_router(health_router(checks))
    app.include_router(metrics_router)
    app.add_middleware(LastHandler)
    if cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["ETag", "Location", "Retry-After", "Idempotency-Replayed", REQUEST_ID],
        )
    app.add_middleware(Envelope)
    return app
