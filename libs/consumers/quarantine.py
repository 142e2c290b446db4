"""Who was being handled when the process died: a row that is written before and removed after."""

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, bindparam, text

from libs.database.database import Database

START = text("""
    INSERT INTO message_crashes AS known (consumer, event_id) VALUES (:consumer, :event_id)
    ON CONFLICT (consumer, event_id) DO UPDATE SET crashes = known.crashes + 1, last_at = now()
    RETURNING crashes
""").bindparams(bindparam("consumer", type_=Text), bindparam("event_id", type_=Text))
COUNT = text("SELECT crashes FROM message_crashes WHERE consumer = :consumer AND event_id = :event_id").bindparams(
    bindparam("consumer", type_=Text), bindparam("event_id", type_=Text)
)
FINISH = text("DELETE FROM message_crashes WHERE consumer = :consumer AND event_id = :event_id").bindparams(
    bindparam("consumer", type_=Text), bindparam("event_id", type_=Text)
)


def message_crashes_table(metadata: MetaData) -> Table:
    """Adds `message_crashes`, so that alembic knows it as the service's own."""
    return Table(
        "message_crashes",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Text, primary_key=True),
        # A message that comes a second time has been the end of a delivery once.
        Column("crashes", Integer, nullable=False, server_default=text("1")),
        Column("last_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )


class CrashCounter:
    """Counts deliveries that never came back. Only for messages that were delivered before: the rest pay nothing."""

    def __init__(self, transactions: Database) -> None:
        self._transactions = transactions

    async def count(self, consumer: str, event_id: str) -> int:
        """How many of its deliveries are noted as ended with their process."""
        return await self._transactions.fetch_value(COUNT, {"consumer": consumer, "event_id": event_id}) or 0

    async def start(self, consumer: str, event_id: str) -> int:
        """The number of deliveries of this message that ended with their process."""
        crashes: int = await self._transactions.fetch_value(START, {"consumer": consumer, "event_id": event_id})
        return crashes

    async def finish(self, consumer: str, event_id: str) -> None:
        await self._transactions.execute(FINISH, {"consumer": consumer, "event_id": event_id})
