"""Whether a service's migrations end where its models are."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from libs.testing.engines import new_engine


async def differences(database_url: str, metadata: MetaData) -> list[object]:
    """What alembic would still have to do in a migrated database."""

    def compared(connection: Connection) -> list[object]:
        opts = {"compare_server_default": True, "include_object": _is_of_the_history}
        return list(compare_metadata(MigrationContext.configure(connection, opts=opts), metadata))

    engine = new_engine(database_url, pool_size=1)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(compared)
    finally:
        await engine.dispose()


def _is_of_the_history(_thing: object, name: str | None, *_: object) -> bool:
    """Partitions are the relay's, which another test may have run."""
    return not (name or "").startswith("outbox_sent_2")
