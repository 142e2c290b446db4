"""Endpoints that run by a plan. What FastAPI finds out for each request anew, the plan has found out once.

FastAPI reads the declarations, documents them and keeps the last word: a request that does not fit, be it invalid or
unusual, is handed to it as if there were no plan. So there is one description of what an endpoint takes, FastAPI's
own, and one place where refusals of malformed requests come from.
"""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from inspect import iscoroutinefunction
from typing import Any, Final, Self

from fastapi import params
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from fastapi.exceptions import ResponseValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from libs.http.fast.param_readers import FallBackToFastAPI, ParamReader, compile_param_readers, read_body

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

BODY: Final = object()
NO_CONTENT: Final = 204
JSON: Final = "application/json"


class CompiledRoute(APIRoute):
    """For routers: `APIRouter(route_class=CompiledRoute)`."""

    def get_route_handler(self) -> Handler:
        usual = super().get_route_handler()
        plan = CompiledEndpoint.of(self)
        if plan is None:
            return usual

        async def handle(request: Request) -> Response:
            try:
                return await plan.run(request)
            except FallBackToFastAPI:
                return await _run_fastapi(usual, request)

        return handle


async def _run_fastapi(handle: Handler, request: Request) -> Response:
    """What FastAPI's own layers provide its handlers with.

    Whatever a dependency holds until the response is sent would be let go of before, but such an endpoint has no plan.
    """
    async with AsyncExitStack() as stack:
        for name in ("fastapi_middleware_astack", "fastapi_inner_astack", "fastapi_function_astack"):
            request.scope[name] = stack
        return await handle(request)


@dataclass(frozen=True, slots=True)
class Step:
    """One call: of a dependency or, at last, of the endpoint."""

    call: Callable[..., Coroutine[Any, Any, Any]]
    needs: tuple[tuple[str, object], ...]
    """Names of arguments, and what was found under which key before."""
    readings: tuple[tuple[str, ParamReader], ...]
    """Names of arguments, and how they are read from the request."""


@dataclass(frozen=True, slots=True)
class CompiledEndpoint:
    steps: tuple[Step, ...]
    body: Any
    """The field of the body, if there is one."""
    shown: Any
    """The field of the response; none where there is nothing to show."""
    status: int

    @classmethod
    def of(cls, route: APIRoute) -> Self | None:
        """None for an endpoint that asks for something that no plan foresees."""
        overrides = getattr(route.dependency_overrides_provider, "dependency_overrides", {})
        dependants = list(_in_order(_overridden(route.dependant, overrides)))
        bodies = [field for each in dependants for field in each.body_params]
        if not _is_shown_plainly(route) or not all(map(_is_simple, dependants)) or not _is_json(route, bodies):
            return None
        steps: dict[object, Step] = {}
        for each in dependants:
            readings = compile_param_readers(each)
            if readings is None:
                return None
            assert each.call is not None  # noqa: S101 - FastAPI's type knows dependants without one.
            # As FastAPI does, each dependency is called once, whoever needs it.
            steps.setdefault(each.call, Step(each.call, tuple(_needs(each)), readings))
        status = 200 if route.status_code is None else route.status_code
        return cls(tuple(steps.values()), bodies[0] if bodies else None, route.response_field, status)

    async def run(self, request: Request) -> Response:
        # Where dependencies and the endpoint put headers and, if it is not to be the usual one, the status.
        said = Response(status_code=0)
        found: dict[object, Any] = {Request: request, Response: said}
        if self.body is not None:
            found[BODY] = await read_body(request, self.body)
        for step in self.steps:
            arguments = {name: found[key] for name, key in step.needs}
            for name, read in step.readings:
                arguments[name] = read(request)
            answer = found[step.call] = await step.call(**arguments)
        return answer if isinstance(answer, Response) else self._response(answer, said)

    def _response(self, answer: Any, said: Response) -> Response:
        response = Response(self._content(answer), said.status_code or self.status, media_type=JSON)
        response.raw_headers.extend(said.raw_headers)
        return response

    def _content(self, answer: Any) -> bytes:
        if self.shown is None:
            return b""
        value, errors = self.shown.validate(answer, {}, loc=("response",))
        if errors:
            raise ResponseValidationError(errors=errors, body=answer)
        content: bytes = self.shown.serialize_json(value)
        return content


def _overridden(dependant: Dependant, overrides: Mapping[Any, Callable[..., Any]]) -> Dependant:
    """With others in the place of some dependencies, which the app names before its first request."""
    call = overrides.get(dependant.call)
    if call is not None and dependant.path is not None:
        dependant = get_dependant(path=dependant.path, call=call, name=dependant.name)
    return replace(dependant, dependencies=[_overridden(each, overrides) for each in dependant.dependencies])


def _in_order(dependant: Dependant) -> Iterator[Dependant]:
    """Each after all that it depends on."""
    for each in dependant.dependencies:
        yield from _in_order(each)
    yield dependant


def _needs(dependant: Dependant) -> Iterator[tuple[str, object]]:
    given = (
        (dependant.request_param_name, Request),
        (dependant.http_connection_param_name, Request),
        (dependant.response_param_name, Response),
    )
    for name, key in given:
        if name is not None:
            yield name, key
    for each in dependant.dependencies:
        if each.name is not None:
            yield each.name, each.call
    for field in dependant.body_params:
        yield field.name, BODY


def _is_simple(dependant: Dependant) -> bool:
    unforeseen = (
        dependant.cookie_params,
        dependant.concurrency,
        dependant.websocket_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
        not dependant.use_cache,
    )
    call = dependant.call
    return not any(unforeseen) and (iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__))


def _is_json(route: APIRoute, bodies: list[Any]) -> bool:
    """The whole body is one JSON document, or there is none."""
    if not bodies:
        return route.body_field is None
    return len(bodies) == 1 and not route._embed_body_fields and not isinstance(bodies[0].field_info, params.Form)  # noqa: SLF001 - FastAPI tells it nowhere else.


def _is_shown_plainly(route: APIRoute) -> bool:
    unforeseen = (
        not isinstance(route.response_class, DefaultPlaceholder),
        route.stream_item_field,
        route.response_model_include,
        route.response_model_exclude,
        not route.response_model_by_alias,
        route.response_model_exclude_unset,
        route.response_model_exclude_defaults,
        route.response_model_exclude_none,
        route.response_field is None and route.status_code != NO_CONTENT,
    )
    return not any(unforeseen)
