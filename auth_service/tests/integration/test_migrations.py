from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from auth_service.models import metadata
from libs.database.engine import new_engine


def _is_of_the_history(_thing: object, name: str | None, *_: object) -> bool:
    """Partitions are the relay's, which another test may have run."""
    return not (name or "").startswith("outbox_sent_2")


def _differences(connection: Connection) -> list[object]:
    opts = {"compare_server_default": True, "include_object": _is_of_the_history}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, metadata))


async def test_the_history_ends_at_the_models(database_url: str) -> None:
    engine = new_engine(database_url, pool_size=1)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()
