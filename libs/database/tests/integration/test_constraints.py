import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.constraints import refusing
from libs.refusals import InvalidValue

ADD = text("INSERT INTO shelf (id, name) VALUES (:id, :name)")


async def test_a_named_constraint_is_its_refusal(engine: AsyncEngine) -> None:
    refusals = {"uq_shelf_name": lambda: InvalidValue("Taken."), "ck_shelf_id": lambda: InvalidValue("Below zero.")}
    async with engine.connect() as connection:
        await connection.execute(ADD, {"id": 901, "name": "a name of this test"})
        for row, detail in (
            ({"id": 902, "name": "a name of this test"}, "Taken."),
            ({"id": -1, "name": ""}, "Below zero."),
        ):
            async with connection.begin_nested() as savepoint:
                with pytest.raises(InvalidValue, match=detail), refusing(refusals):
                    await connection.execute(ADD, row)
                await savepoint.rollback()
        with pytest.raises(IntegrityError), refusing(refusals):
            await connection.execute(ADD, {"id": 901, "name": "another name"})


async def test_an_error_does_not_tell_what_was_to_be_stored(engine: AsyncEngine) -> None:
    add = text("INSERT INTO nowhere (id, name) VALUES (:id, :name)")
    async with engine.connect() as connection:
        with pytest.raises(ProgrammingError) as error:
            await connection.execute(add, {"id": 903, "name": "ada@example.com"})
    assert "ada@example.com" not in str(error.value)
