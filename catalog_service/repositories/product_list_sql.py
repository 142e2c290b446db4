"""The statements of product lists: one for each combination of filters, built when it is first asked for.

Arguments stay parameters, so that PostgreSQL prepares each statement once a connection as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Double,
    Integer,
    Label,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    func,
    lateral,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB, TSQUERY

from catalog_service.domain.product_filter import Sort
from catalog_service.models.categories import categories
from catalog_service.models.products import products
from catalog_service.models.stock import stock
from catalog_service.repositories.subtrees import below
from libs.database.query import CompiledQuery

available = stock.c.on_hand - stock.c.reserved
SHOWN = [column for column in products.columns if column.name not in ("sort_name", "search", "deleted_at")]
SHOWN_STOCK = [
    available.label("available"),
    (available > 0).label("in_stock"),
    stock.c.version.label("stock_version"),
]
_words = cast(bindparam("q", type_=Text), TSQUERY)


@dataclass(frozen=True, slots=True)
class Shape:
    """Which filters there are. Two lists of one shape differ only in the arguments of their query."""

    sort: Sort
    category: bool = False
    q: bool = False
    min_price: bool = False
    max_price: bool = False
    in_stock: bool | None = None
    attributes: bool = False
    is_active: bool = True


class Order(NamedTuple):
    """What a list is sorted by before the id makes it unambiguous, and how a cursor says it."""

    key: ColumnElement[Any] | None
    kind: type | None
    falling: bool


ORDERS = {
    Sort.NEWEST: Order(None, None, falling=True),  # Ids grow with time.
    Sort.CHEAPEST: Order(products.c.price, Decimal, falling=False),
    Sort.DEAREST: Order(products.c.price, Decimal, falling=True),
    Sort.NAME: Order(products.c.sort_name, str, falling=False),
    # The rank has single precision; as a double it is written and read back without a loss.
    Sort.BEST_MATCH: Order(cast(func.ts_rank(products.c.search, _words), Double), float, falling=True),
}


def key_types(sort: Sort) -> list[type]:
    kind = ORDERS[sort].kind
    return [UUID] if kind is None else [kind, UUID]


@lru_cache(maxsize=512)
def page_query(shape: Shape, *, continued: bool, with_category: bool) -> CompiledQuery:
    """First the ids of the page, which indexes alone can tell, then what is shown of these products."""
    order = ORDERS[shape.sort]
    page = _page(shape, order, continued=continued).subquery("page")
    shown = [*SHOWN, *SHOWN_STOCK, *(column for column in page.columns if column.name == "key")]
    statement = select(*shown).join(page, page.c.id == products.c.id).join(stock, stock.c.product_id == products.c.id)
    if with_category:
        named = [categories.c[name].label(f"category_{name}") for name in ("name", "slug", "level")]
        statement = statement.add_columns(*named).join(categories, categories.c.id == products.c.category_id)
    return CompiledQuery(statement.order_by(*_sorting(list(page.columns), order)))


@lru_cache(maxsize=256)
def count_query(shape: Shape) -> CompiledQuery:
    statement = select(func.count()).select_from(products).where(*_conditions(shape))
    if shape.category:
        statement = statement.where(products.c.category_id.in_(select(_subtree().c.id)))
    return CompiledQuery(_with_stock(statement, shape))


def _page(shape: Shape, order: Order, *, continued: bool) -> Select[Any]:
    keys: list[ColumnElement[Any]] = [] if order.key is None else [order.key.label("key")]
    keys.append(products.c.id)
    statement = _with_stock(select(*keys), shape).where(*_conditions(shape))
    if continued:
        statement = statement.where(_after(order))
    if not shape.category:
        return _cut(statement, order, keys)
    subtree = _subtree()
    if shape.q or shape.attributes:
        # Few products match; they are found first and looked up in the subtree then.
        return _cut(statement.where(products.c.category_id.in_(select(subtree.c.id))), order, keys)
    # The first of each category, of which an index knows the order, and the first of all of these: as many rows as
    # there are categories times the limit at most, however many products there are.
    firsts = lateral(_cut(statement.where(products.c.category_id == subtree.c.id), order, keys), "firsts")
    columns = list(firsts.columns)
    return _cut(select(*columns).select_from(subtree.join(firsts, literal(True))), order, columns)


def _cut(statement: Select[Any], order: Order, keys: Sequence[ColumnElement[Any]]) -> Select[Any]:
    bare = [key.element if isinstance(key, Label) else key for key in keys]
    return statement.order_by(*_sorting(bare, order)).limit(bindparam("limit", type_=Integer))


def _sorting(keys: Sequence[ColumnElement[Any]], order: Order) -> list[ColumnElement[Any]]:
    return [key.desc() if order.falling else key.asc() for key in keys]


def _after(order: Order) -> ColumnElement[bool]:
    after_id = bindparam("after_id", type_=products.c.id.type)
    if order.key is None:
        return products.c.id < after_id
    here = tuple_(order.key, products.c.id)
    there = tuple_(bindparam("after_key", type_=order.key.type), after_id)
    return here < there if order.falling else here > there


def _conditions(shape: Shape) -> list[ColumnElement[bool]]:
    # What is deleted is not active, so that the indexes of what is shown need no more than that.
    conditions: list[ColumnElement[bool]] = [products.c.is_active]
    if not shape.is_active:
        conditions = [~products.c.is_active, products.c.deleted_at.is_(None)]
    if shape.q:
        conditions.append(products.c.search.bool_op("@@")(_words))
    if shape.min_price:
        conditions.append(products.c.price >= bindparam("min_price"))
    if shape.max_price:
        conditions.append(products.c.price <= bindparam("max_price"))
    if shape.attributes:
        wanted = bindparam("attributes", type_=ARRAY(JSONB))
        conditions.append(products.c.attributes.bool_op("@>")(any_(wanted)))
    if shape.in_stock is not None:
        conditions.append(available > 0 if shape.in_stock else available <= 0)
    return conditions


def _with_stock(statement: Select[Any], shape: Shape) -> Select[Any]:
    return statement if shape.in_stock is None else statement.join(stock, stock.c.product_id == products.c.id)


def _subtree() -> CTE:
    return below(bindparam("category_id", type_=products.c.category_id.type))
