"""Liveness and readiness. Live: the process answers. Ready: what it needs answers as well."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter
from starlette.responses import JSONResponse

# Returns when the part is well, raises what is wrong with it.
Check = Callable[[], Awaitable[None]]
CHECK_TIMEOUT = 2.0


async def run_checks(checks: Mapping[str, Check]) -> dict[str, str]:
    """Each part's name with "ok" or the kind of its failure; never its message, which may name hosts and users."""

    async def verdict(check: Check) -> str:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT):
                await check()
        except Exception as error:  # noqa: BLE001 - whatever it is, the part is not well.
            return f"failing: {type(error).__name__}"
        return "ok"

    verdicts = await asyncio.gather(*(verdict(check) for check in checks.values()))
    return dict(zip(checks, verdicts, strict=True))


def health_router(checks: Mapping[str, Check]) -> APIRouter:
    router = APIRouter(include_in_schema=False, prefix="/health")

    @router.get("/live")
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/ready")
    async def ready() -> JSONResponse:
        verdicts = await run_checks(checks)
        well = all(verdict == "ok" for verdict in verdicts.values())
        return JSONResponse(
            {"status": "ok" if well else "unavailable", "checks": verdicts},
            status_code=200 if well else 503,
            headers={} if well else {"Retry-After": "5"},
        )

    return router
