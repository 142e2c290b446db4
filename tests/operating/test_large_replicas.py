"""A hundred rows that were damaged among a hundred thousand are found and repaired, and no other is touched."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from libs.process.ids import new_id
from tests.operating.conftest import Shop
from tests.operating.test_verify import found, verified
from tests.operating.users import MAKE

pytestmark = pytest.mark.slow

ROWS = 100_000
# Of each kind of damage.
DAMAGED = 50
KEEP = {
    "catalog": """
        INSERT INTO users (id, username, role, is_active, version)
        SELECT id, 'u' || left(id::text, 8) || right(id::text, 12), 'user', true, 3 FROM unnest($1::uuid[]) AS id
    """,
    "order": """
        INSERT INTO users (id, email, username, role, is_active, version)
        SELECT id, 'u' || id || '@example.com', 'u' || left(id::text, 8) || right(id::text, 12), 'user', true, 3
        FROM unnest($1::uuid[]) AS id
    """,
}
CHANGE = "UPDATE users SET username = 'not ' || username WHERE id = ANY($1::uuid[])"
DELETE = "DELETE FROM users WHERE id = ANY($1::uuid[])"
RIGHT = "SELECT count(*) FROM users WHERE version = 3 AND username LIKE 'u%' AND deleted_at IS NULL"
TOLD = "SELECT unnest(ids)::text AS id FROM snapshot_requests WHERE queue = 'order.users' AND requested_by = 'ada'"


@pytest.fixture
async def many(shop: Shop) -> AsyncIterator[list[UUID]]:
    ids = [new_id() for _ in range(ROWS)]
    fill = {"auth": MAKE, **KEEP}
    await asyncio.gather(*(shop.databases[service].execute(statement, ids) for service, statement in fill.items()))
    yield ids
    for database in shop.databases.values():
        await database.execute("TRUNCATE users CASCADE")


async def test_a_hundred_are_found_among_a_hundred_thousand(shop: Shop, many: list[UUID]) -> None:
    step = ROWS // DAMAGED // 2
    changed, deleted = many[:: 2 * step], many[step :: 2 * step]
    assert (len(changed), len(deleted)) == (DAMAGED, DAMAGED)
    await shop.databases["order"].execute(CHANGE, changed)
    await shop.databases["order"].execute(DELETE, deleted)
    damaged = {str(each) for each in (*changed, *deleted)}
    code, report = await verified(shop, "--patience", "0")
    named = {replica["replica"]: {each["id"] for each in replica["left"]} for replica in report["replicas"]}
    assert (code, named["order.users"], named["catalog.users"]) == (1, damaged, set())

    started = time.monotonic()
    code, report = await verified(shop, "--repair", "--as", "ada")
    # What else this machine does decides over seconds: they are told, and not judged.
    print(f"found and repaired in {time.monotonic() - started:.1f} s")  # noqa: T201 - what `-s` is asked for
    assert (code, report["is_clean"]) == (0, True)
    assert found(report, "order.users") == {"damaged": DAMAGED, "missing": DAMAGED}
    assert {row["id"] for row in await shop.databases["auth"].fetch(TOLD)} == damaged
    assert await shop.databases["order"].fetchval(RIGHT) == ROWS
