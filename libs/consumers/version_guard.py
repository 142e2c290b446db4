"""The version guard: a replica's row changes only to a newer version, whatever order events come in."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, ClauseElement, Table, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import insert

from libs.database.executor import Executor

Row = Mapping[str, Any]


async def upsert_if_newer(statements: Executor, replica: Table, rows: Sequence[Row]) -> int:
    """Inserts or updates by primary key, in one statement for all rows. How many were newer than what was there.

    Each row holds the key, `version` and what else changes; all name the same columns. A delete is a version too: pass
    a row that marks it (`deleted_at`), so that an older event which comes late does not bring the thing back.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    newest = _newest(replica, rows)
    arguments = {name: [row[name] for row in newest] for name in names}
    return (await statements.execute(_guarded_upsert(replica, names), arguments)).rowcount


def _newest(replica: Table, rows: Sequence[Row]) -> list[Row]:
    """One row for each key, as one statement changes a row once, and in the order in which everybody locks rows."""
    key = [column.name for column in replica.primary_key]
    newest: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        its_key = tuple(row[name] for name in key)
        known = newest.get(its_key)
        if known is None or known["version"] < row["version"]:
            newest[its_key] = row
    return [newest[its_key] for its_key in sorted(newest)]


@lru_cache
def _guarded_upsert(replica: Table, names: tuple[str, ...]) -> ClauseElement:
    """Whatever the number of rows, so that it is compiled and prepared once."""
    arrays = [bindparam(name, type_=ARRAY(replica.c[name].type)) for name in names]
    columns = [column(name, replica.c[name].type) for name in names]
    given = func.unnest(*arrays).table_valued(*columns).render_derived(name="given")
    fresh = insert(replica).from_select(list(names), select(*given.c))
    key = [each.name for each in replica.primary_key]
    return fresh.on_conflict_do_update(
        index_elements=key,
        set_={name: fresh.excluded[name] for name in names if name not in key},
        where=replica.c.version < fresh.excluded.version,
    )
