"""The version guard: a replica's row changes only to a newer version, whatever order events come in."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection


async def apply_if_newer(connection: AsyncConnection, replica: Table, row: Mapping[str, Any]) -> bool:
    """Inserts or updates by primary key in one statement; False if the replica has this version or a newer one.

    `row` holds the key, `version` and what else changes. A delete is a version too: pass a row that marks it
    (`deleted_at`), so that an older event which comes late does not bring the thing back.
    """
    fresh = insert(replica).values(row)
    key = [column.name for column in replica.primary_key]
    changed = {name: fresh.excluded[name] for name in row if name not in key}
    guarded = fresh.on_conflict_do_update(
        index_elements=key, set_=changed, where=replica.c.version < fresh.excluded.version
    )
    result = await connection.execute(guarded)
    return result.rowcount == 1
