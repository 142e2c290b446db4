"""Measurements of requests, and the page that Prometheus reads them from."""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.responses import Response

REQUESTS = Counter("http_requests_total", "Requests answered", ["method", "route", "status"])
DURATION = Histogram(
    "http_request_duration_seconds",
    "Time from the first byte of a request to the last of its response",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """`route` is a template, such as `/products/{product}`: there are as many series as endpoints, not as products."""
    requests, duration = _series(method if method in METHODS else "other", route, status)
    requests.inc()
    duration.observe(seconds)


@cache
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, status), DURATION.labels(method, route)


router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics() -> Response:
    return Response(_page(), media_type=CONTENT_TYPE_LATEST)


def _page() -> bytes:
    """Of this process, or of all that share a folder: the library looks for that in the environment as well."""
    shared = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not shared:
        return generate_latest()
    _forget_the_dead(Path(shared))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=shared)  # type: ignore[no-untyped-call] # The library leaves it untyped.
    return generate_latest(registry)


def _forget_the_dead(shared: Path) -> None:
    """What they counted stays counted; how many connections they had open must not. Nobody else tells of their end."""
    for pid in {file.stem.rpartition("_")[2] for file in shared.glob("gauge_live*.db")}:
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            # Or whoever else was asked at the same time does it.
            with suppress(FileNotFoundError):
                mark_process_dead(int(pid), str(shared))  # type: ignore[no-untyped-call] # The same.
        except PermissionError:
            continue  # It lives, as somebody else's.
