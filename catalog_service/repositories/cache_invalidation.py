"""Tells every API process which products have changed, after the commit, and listens for what the others tell.

Not in the transaction: one that notifies takes a lock on the whole database server while it commits. A process that
dies in between leaves others with answers that `libs.http.fast.response_cache` lets go of by their age.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import Text, bindparam, text

from libs.broker.connectivity import Connectivity
from libs.database.batch_loader import BatchLoader
from libs.database.database import Database
from libs.database.errors import STATEMENT_ERRORS
from libs.database.timeouts import CONNECT_TIMEOUT
from libs.database.urls import for_asyncpg
from libs.http.fast.response_cache import ResponseCache

CHANNEL: Final = "products_changed"
# A payload has 8,000 bytes at most. Without any it stands for all products.
MAX_IDS: Final = 200
# A notification that a crash of the server takes with it is no loss: nothing is cached after that.
PUBLISH: Final = text("""
    SELECT pg_notify(:channel, :ids) FROM (SELECT set_config('synchronous_commit', 'off', true)) AS setting
""").bindparams(bindparam("channel", CHANNEL, type_=Text), bindparam("ids", type_=Text))
# Seconds. A connection that breaks without a word is found out after both of them.
HEARTBEAT: Final = 1.0
HEARTBEAT_TIMEOUT: Final = 2.0

logger = logging.getLogger(__name__)


class ChangePublisher:
    """What is published while a notification is under way goes out together in the next one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches: BatchLoader[UUID, None] = BatchLoader(self._notify)

    async def publish(self, product_ids: Collection[UUID]) -> None:
        """Call it after the commit. Returns when PostgreSQL has taken the notification, or is away."""
        try:
            await self._batches.load_many(product_ids)
        except STATEMENT_ERRORS as error:
            # What was changed is committed; the age of cached answers bounds who sees the older version for how long.
            logger.warning("Changes of %d products were not published: %r", len(product_ids), error)

    async def _notify(self, product_ids: Collection[UUID]) -> Mapping[UUID, None]:
        ids = ",".join(map(str, product_ids)) if len(product_ids) <= MAX_IDS else ""
        await self._database.execute(PUBLISH, {"ids": ids})
        return {}


class ChangeListener:
    """`cache` is enabled while its process listens, and only then."""

    def __init__(self, database_url: str, cache: ResponseCache) -> None:
        self._dsn = for_asyncpg(database_url)
        self._cache = cache
        self._link = Connectivity("changes of products")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001 - whatever it is, it passes, and nothing is cached meanwhile.
                await asyncio.sleep(self._link.down(error))

    async def _listen(self) -> None:
        connection = await asyncpg.connect(
            self._dsn,
            timeout=CONNECT_TIMEOUT,
            command_timeout=HEARTBEAT_TIMEOUT,
            server_settings={"application_name": "changes", "jit": "off"},
        )
        try:
            # At once, while the heartbeat may be asleep.
            connection.add_termination_listener(lambda _: self._cache.disable())
            await connection.add_listener(CHANNEL, self._invalidate)
            self._cache.enable()
            self._link.up()
            while True:
                await asyncio.sleep(HEARTBEAT)
                await connection.fetchval("SELECT 1")
        finally:
            self._cache.disable()
            connection.terminate()

    def _invalidate(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        if payload == "":  # There were too many to name them.
            self._cache.clear()
            return
        try:
            for product_id in str(payload).split(","):
                self._cache.invalidate(UUID(product_id))
        except Exception:
            # Whichever of them it was, the others have changed as well.
            self._cache.clear()
            logger.exception("%s: the cache is cleared", CHANNEL)
