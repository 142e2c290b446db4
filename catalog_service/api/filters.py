"""Which products a list is asked for."""

from itertools import product
from math import prod
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request

from catalog_service.domain.product_filter import ProductFilter, Sort
from libs.errors import FieldError, InvalidValue
from libs.http.fields import Amount

PREFIX = "attr."
# A value of each name is looked for in every combination.
MAX_COMBINATIONS = 100


async def product_filter(
    request: Request,
    category_id: Annotated[UUID | None, Query(description="In this category or anywhere below it.")] = None,
    q: Annotated[
        str | None,
        Query(
            max_length=200,
            description="All of these words in name, SKU or description; the last may be the beginning of one.",
        ),
    ] = None,
    min_price: Amount | None = None,
    max_price: Amount | None = None,
    in_stock: bool | None = None,
    is_active: Annotated[bool, Query(description="false: those that are hidden from customers; for admins.")] = True,
    sort: Annotated[
        Literal["newest", "price", "-price", "name"] | None,
        Query(description="`newest` if left out; with `q`, the best match first."),
    ] = None,
) -> ProductFilter:
    return ProductFilter(
        category_id=category_id,
        q=q or None,
        min_price=min_price,
        max_price=max_price,
        in_stock=in_stock,
        attributes=_attributes(request),
        is_active=is_active,
        sort=Sort(sort) if sort else Sort.BEST_MATCH if q else Sort.NEWEST,
    )


def _attributes(request: Request) -> list[dict[str, str]]:
    """Several values of one name are alternatives; several names must all be right."""
    values: dict[str, set[str]] = {}
    for parameter, value in request.query_params.multi_items():
        if parameter.startswith(PREFIX):
            values.setdefault(parameter.removeprefix(PREFIX), set()).add(value)
    if not values:
        return []
    if prod(len(alternatives) for alternatives in values.values()) > MAX_COMBINATIONS:
        message = f"at most {MAX_COMBINATIONS} combinations of values can be looked for"
        raise InvalidValue("Too many attributes.", errors=[FieldError(PREFIX, message)])
    return [dict(zip(values, combination, strict=True)) for combination in product(*values.values())]


ProductFilterDep = Annotated[ProductFilter, Depends(product_filter)]
