"""When to look again for what still names somebody who is gone.

Once is not enough: a request or a message that was under way may write a name down afterwards. So their row is looked
at when it comes, and then ever more rarely for half a day, which is longer than anything is under way.
"""

from typing import Final

from sqlalchemy import Column, DateTime, Index, Table, text

# From the row's own columns. Whoever was away for days looks twice as well.
NEXT_ERASURE_SQL: Final = """
    CASE WHEN erase_at < deleted_at + interval '12 hours'
         THEN clock_timestamp()
              + least(interval '12 hours', greatest(interval '5 minutes', clock_timestamp() - deleted_at)) END
"""


# What is just being told of them is told to its end, so that whoever follows it hears the whole story. As PostgreSQL
# writes it: by its value a default of the model's could not be compared with one that is there.
INITIAL_DELAY_SQL: Final = "(clock_timestamp() + '00:00:05'::interval)"


def next_erasure_column(*, is_set: bool) -> Column[object]:
    """None: nobody need look any more. `is_set`: a row that is inserted is looked at."""
    return Column("erase_at", DateTime(timezone=True), server_default=text(INITIAL_DELAY_SQL) if is_set else None)


def index_next_erasure(table: Table) -> None:
    Index(f"ix_{table.name}_erase_at", table.c.erase_at, postgresql_where=table.c.erase_at.is_not(None))
