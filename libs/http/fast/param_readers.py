"""How a plan reads the arguments of an endpoint from its request."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fastapi._compat import ModelField, field_annotation_is_scalar
from fastapi.dependencies.models import Dependant
from starlette.requests import ClientDisconnect, Request

ParamReader = Callable[[Request], Any]
# What may be handed to one request after the other.
UNCHANGEABLE = (type(None), bool, int, str, Decimal)


class FallBackToFastAPI(Exception):
    """The request does not fit, or nobody thought of its form."""


def compile_param_readers(dependant: Dependant) -> tuple[tuple[str, ParamReader], ...] | None:
    """None if one of them is not simple."""
    sources: tuple[tuple[list[ModelField], Callable[[Request], Mapping[str, Any]]], ...] = (
        (dependant.path_params, lambda request: request.path_params),
        (dependant.query_params, lambda request: request.query_params),
        (dependant.header_params, lambda request: request.headers),
    )
    fields = [(field, source) for given, source in sources for field in given]
    if not all(_is_simple(field) for field, _ in fields):
        return None
    return tuple((field.name, _param_reader(field, source)) for field, source in fields)


def _is_simple(field: ModelField) -> bool:
    is_known = field.field_info.is_required() or isinstance(field.default, UNCHANGEABLE)
    return is_known and field_annotation_is_scalar(field.field_info.annotation)


def _param_reader(field: ModelField, source: Callable[[Request], Mapping[str, Any]]) -> ParamReader:
    name = field.validation_alias or field.alias
    is_required = field.field_info.is_required()
    default = None if is_required else field.default

    def read(request: Request) -> Any:
        given = source(request).get(name)
        if given is None:
            if is_required:
                raise FallBackToFastAPI
            return default
        return _valid(field, given)

    return read


async def read_body(request: Request, field: ModelField) -> Any:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise FallBackToFastAPI
    try:
        # What is refused while it arrives is refused now: nobody could read on, for what has arrived is gone.
        await request.body()
    except ClientDisconnect as error:
        # That is said to whoever reads again.
        raise FallBackToFastAPI from error
    try:
        # Whatever goes wrong goes wrong once more where it is explained: FastAPI parses the same body.
        document = await request.json()
    except Exception as error:
        raise FallBackToFastAPI from error
    return _valid(field, document)


def _valid(field: ModelField, given: Any) -> Any:
    value, errors = field.validate(given)
    if errors:
        raise FallBackToFastAPI
    return value
