"""The public keys, where everybody looks for them."""

from typing import Any

from fastapi import APIRouter, Request, Response

from auth_service.schemas.tokens import KeySetResponse
from libs.http.fast.compiled_route import CompiledRoute

router = APIRouter(tags=["keys"], route_class=CompiledRoute)


@router.get(
    "/.well-known/jwks.json",
    response_model=KeySetResponse,
    summary="Get the token verification keys",
)
async def keys(request: Request, response: Response) -> Any:
    response.headers["Cache-Control"] = "public, max-age=300"
    return request.app.state.jwks
