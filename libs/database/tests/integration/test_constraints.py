import asyncpg
import pytest
from sqlalchemy import bindparam, column, insert, table, text
from sqlalchemy.types import Integer, Text

from libs.database.constraints import translate_constraint
from libs.database.database import Database
from libs.errors import InvalidValue

ADD = insert(table("shelf", column("id", Integer), column("name", Text)))
REFUSALS = {"uq_shelf_name": lambda: InvalidValue("Taken."), "ck_shelf_id": lambda: InvalidValue("Below zero.")}


async def add(transactions: Database, number: int, name: str) -> None:
    """After a row that is called `a name`."""
    async with transactions.transaction() as transaction:
        await transaction.execute(text("TRUNCATE shelf"))
        await transaction.execute(ADD, {"id": 1, "name": "a name"})
        with translate_constraint(REFUSALS):
            await transaction.execute(ADD, {"id": number, "name": name})


@pytest.mark.parametrize(("number", "name", "detail"), [(2, "a name", "Taken."), (-1, "", "Below zero.")])
async def test_a_named_constraint_is_its_refusal(transactions: Database, number: int, name: str, detail: str) -> None:
    with pytest.raises(InvalidValue, match=detail):
        await add(transactions, number, name)


async def test_another_violation_is_a_defect(transactions: Database) -> None:
    with pytest.raises(asyncpg.UniqueViolationError, match="pk_shelf"):
        await add(transactions, 1, "another name")


async def test_an_error_does_not_tell_what_was_to_be_stored(transactions: Database) -> None:
    nowhere = text("INSERT INTO nowhere (name) VALUES (:name)").bindparams(bindparam("name", type_=Text))
    with pytest.raises(asyncpg.UndefinedTableError) as error:
        await transactions.execute(nowhere, {"name": "ada@example.com"})
    assert "ada@example.com" not in str(error.value)
