"""Versions as entity tags (RFC 9110): conditional changes with If-Match, conditional reads with If-None-Match."""

import re
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request, Response

from libs.errors import VersionConflict

# A version, and what `ETag` was told of things beside it: that part is for caches alone.
STRONG_TAG = re.compile(r'"(\d{1,18})(?:-[0-9a-f]{1,18})?"')


class NotModified(Exception):
    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


async def expected_versions(
    request: Request,
    if_match: Annotated[
        str | None, Header(description='Change it only if it is still at this version, e.g. `"3"`.')
    ] = None,
) -> frozenset[int] | None:
    """The versions of which the thing must still have one; None if the client does not mind.

    A tag that this service cannot have given, weak ones included, matches nothing.
    """
    if if_match is None:
        return None
    # Several lines are one list, of which FastAPI gives the first.
    tags = [part.strip() for line in request.headers.getlist("If-Match") for part in line.split(",")]
    if tags == ["*"]:
        return None
    versions = frozenset(int(known[1]) for tag in tags if (known := STRONG_TAG.fullmatch(tag)))
    if not versions:
        raise VersionConflict("If-Match names no version that this can be at.")
    return versions


ExpectedVersions = Annotated[frozenset[int] | None, Depends(expected_versions)]


def matches_etag(known: str, tag: str) -> bool:
    """Whether If-None-Match names it. It compares weakly: W/"3" and "3" are the same (RFC 9110, 13.1.2)."""
    tags = {part.strip().removeprefix("W/") for part in known.split(",")}
    return tag in tags or "*" in tags


class ETag:
    """Called with the version of what is answered: sets its tag, or ends a GET with 304 where the client has it."""

    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response

    def __call__(self, version: int, variant: int | str | None = None) -> None:
        """`beside` is a number or digest of what is shown with the thing and changes without its version."""
        tag = f'"{version}"' if variant is None else f'"{version}-{variant}"'
        self._response.headers["ETag"] = tag
        # Several lines are one list.
        known = self._request.headers.getlist("If-None-Match")
        if known and self._request.method in ("GET", "HEAD") and matches_etag(",".join(known), tag):
            raise NotModified(tag)


async def _etag(request: Request, response: Response) -> ETag:
    # A class would be called in a thread of its own, which costs more than all else here.
    return ETag(request, response)


SetETag = Annotated[ETag, Depends(_etag)]


def install_not_modified(app: FastAPI) -> None:
    @app.exception_handler(NotModified)
    async def not_modified(_request: Request, answer: Exception) -> Response:
        assert isinstance(answer, NotModified)  # noqa: S101 - Starlette calls it for nothing else.
        return Response(status_code=304, headers={"ETag": answer.tag})
