"""Who was being handled when the process died: a row that is written before and removed after."""

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, bindparam, text

from libs.database.transactions import Transactions

BEGIN = text("""
    INSERT INTO deliveries AS known (consumer, event_id) VALUES (:consumer, :event_id)
    ON CONFLICT (consumer, event_id) DO UPDATE SET deaths = known.deaths + 1, last_at = now()
    RETURNING deaths
""").bindparams(bindparam("consumer", type_=Text), bindparam("event_id", type_=Text))
DEATHS = text("SELECT deaths FROM deliveries WHERE consumer = :consumer AND event_id = :event_id").bindparams(
    bindparam("consumer", type_=Text), bindparam("event_id", type_=Text)
)
END = text("DELETE FROM deliveries WHERE consumer = :consumer AND event_id = :event_id").bindparams(
    bindparam("consumer", type_=Text), bindparam("event_id", type_=Text)
)


def deliveries_table(metadata: MetaData) -> Table:
    """Adds `deliveries`, so that alembic knows it as the service's own."""
    return Table(
        "deliveries",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Text, primary_key=True),
        # A message that comes a second time has been the end of a delivery once.
        Column("deaths", Integer, nullable=False, server_default=text("1")),
        Column("last_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )


class Deliveries:
    """Counts deliveries that never came back. Only for messages that were delivered before: the rest pay nothing."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def noted(self, consumer: str, event_id: str) -> int:
        """How many of its deliveries are noted as ended with their process."""
        return await self._transactions.value(DEATHS, {"consumer": consumer, "event_id": event_id}) or 0

    async def begin(self, consumer: str, event_id: str) -> int:
        """The number of deliveries of this message that ended with their process."""
        deaths: int = await self._transactions.value(BEGIN, {"consumer": consumer, "event_id": event_id})
        return deaths

    async def end(self, consumer: str, event_id: str) -> None:
        await self._transactions.execute(END, {"consumer": consumer, "event_id": event_id})
