import asyncio

import pytest
from sqlalchemy import ARRAY, Integer, any_, bindparam, column, func, select, table, text

from libs.database.database import Database
from libs.database.query import CompiledQuery, Reader

shelf = table("shelf", column("id"), column("name"), column("facts"))
BY_IDS = CompiledQuery(
    select(shelf.c.id, shelf.c.facts)
    .where(shelf.c.id == any_(bindparam("ids", type_=ARRAY(Integer))), shelf.c.name != "nothing")
    .order_by(shelf.c.id)
)
SLEEPERS = CompiledQuery(select(func.count()).select_from(func.pg_sleep(0.05)))


@pytest.fixture(autouse=True)
async def rows(transactions: Database) -> None:
    async with transactions.transaction() as transaction:
        await transaction.execute(text("TRUNCATE shelf"))
        await transaction.execute(
            text("INSERT INTO shelf SELECT n, 'book ' || n, jsonb_build_object('n', n) FROM generate_series(1, 5) n")
        )


async def test_rows_are_dicts_with_json_decoded(reader: Reader) -> None:
    assert await reader.fetch_all(BY_IDS, ids=[4, 2, 9]) == [{"id": 2, "facts": {"n": 2}}, {"id": 4, "facts": {"n": 4}}]
    assert await reader.fetch_one(BY_IDS, ids=[9]) is None
    assert await reader.fetch_value(BY_IDS, ids=[3, 5]) == 3


async def test_a_parameter_that_the_query_has_not_is_a_mistake(reader: Reader) -> None:
    with pytest.raises(TypeError, match="idz"):
        await reader.fetch_all(BY_IDS, idz=[1])


async def test_more_readers_than_connections_take_turns(reader: Reader) -> None:
    assert await asyncio.gather(*(reader.fetch_value(SLEEPERS) for _ in range(6))) == [1] * 6
