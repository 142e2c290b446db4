"""Erasing the names of deleted users. Any number of workers may do this at once."""

from typing import Final

from sqlalchemy import Integer, Text, bindparam, text

from catalog_service.models.stock import DELETED_ACTOR
from libs.database.database import Database

BATCH_SIZE: Final = 1_000

# From one of the few people who are named to the next, however many entries each has made. So every look finds all,
# also what was entered after a deletion by somebody who had been let in before.
ERASE = text("""
    WITH RECURSIVE named (id) AS (
        (SELECT actor_id FROM stock_ledger WHERE actor <> 'deleted user' ORDER BY actor_id LIMIT 1)
        UNION ALL
        SELECT (
            SELECT actor_id FROM stock_ledger WHERE actor <> 'deleted user' AND actor_id > named.id
            ORDER BY actor_id LIMIT 1
        ) FROM named WHERE named.id IS NOT NULL
    ), entries AS (
        SELECT entry.product_id, entry.version
        FROM named JOIN users USING (id) JOIN stock_ledger AS entry ON entry.actor_id = named.id
        WHERE users.deleted_at IS NOT NULL AND entry.actor <> 'deleted user'
        LIMIT :limit FOR UPDATE OF entry SKIP LOCKED
    )
    UPDATE stock_ledger SET actor = :nobody FROM entries
    WHERE (stock_ledger.product_id, stock_ledger.version) = (entries.product_id, entries.version)
""").bindparams(bindparam("limit", type_=Integer), bindparam("nobody", DELETED_ACTOR, type_=Text))


async def erase_names(transactions: Database) -> None:
    """For a timer. A portion a transaction."""
    while (await transactions.execute(ERASE, {"limit": BATCH_SIZE})).rowcount == BATCH_SIZE:
        pass
