"""A dependency that FastAPI runs in a thread costs more than the rest of a request: ours run where the request does."""

from collections.abc import Iterator
from inspect import iscoroutinefunction
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from libs.http.tests.unit.shelf import router


def needed(dependant: Dependant) -> Iterator[Dependant]:
    for one in dependant.dependencies:
        yield one
        yield from needed(one)


def waits_in_the_loop(call: Any) -> bool:
    return iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)


def test_no_dependency_runs_in_a_thread() -> None:
    in_threads = {
        one.call
        for route in router.routes
        if isinstance(route, APIRoute)
        for one in needed(route.dependant)
        if not waits_in_the_loop(one.call)
    }
    assert in_threads == set()
