"""Hears which products have changed, whoever changed them: a trigger tells of each (migration 0006)."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import asyncpg

from libs.broker.connectivity import Connectivity
from libs.database.timeouts import CONNECT_TIMEOUT
from libs.database.urls import for_asyncpg
from libs.http.fast.response_cache import ResponseCache

CHANNEL: Final = "products_changed"
# Seconds. A connection that breaks without a word is found out after both of them.
HEARTBEAT: Final = 1.0
PATIENCE: Final = 2.0
# They may be missing, where this code came before its migration, or be switched off for a while.
TRIGGERS: Final = """
    SELECT count(*) FROM pg_trigger
    WHERE tgrelid IN (to_regclass('products'), to_regclass('stock')) AND tgenabled IN ('O', 'A')
    AND tgname IN ('tell_updated', 'tell_deleted', 'tell_truncated')
"""
ALL_TRIGGERS: Final = 6

logger = logging.getLogger(__name__)


class TriggersMissingError(Exception):
    """Changes are made that nobody tells of."""


class ChangeListener:
    """`memory` is trusted while somebody listens, and only then."""

    def __init__(self, database_url: str, memory: ResponseCache) -> None:
        self._dsn = for_asyncpg(database_url)
        self._memory = memory
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
            except Exception as error:  # noqa: BLE001 - whatever it is, it passes, and nothing is kept meanwhile.
                await asyncio.sleep(self._link.down(error))

    async def _listen(self) -> None:
        connection = await asyncpg.connect(
            self._dsn,
            timeout=CONNECT_TIMEOUT,
            command_timeout=PATIENCE,
            server_settings={"application_name": "changes", "jit": "off"},
        )
        try:
            # At once, while the heartbeat may be asleep.
            connection.add_termination_listener(lambda _: self._memory.disable())
            await connection.add_listener(CHANNEL, self._forget)
            await _check(connection)
            self._memory.enable()
            self._link.up()
            while True:
                await asyncio.sleep(HEARTBEAT)
                await _check(connection)
        finally:
            self._memory.disable()
            connection.terminate()

    def _forget(self, _connection: Any, _pid: int, _channel: str, told: object) -> None:
        if told == "":  # There were too many to name them.
            self._memory.clear()
            return
        try:
            for product_id in str(told).split(","):
                self._memory.invalidate(UUID(product_id))
        except Exception:
            # Whichever of them it was, the others have changed as well.
            self._memory.clear()
            logger.exception("%s: all is forgotten", CHANNEL)


async def _check(connection: asyncpg.Connection) -> None:
    found = await connection.fetchval(TRIGGERS)
    if found != ALL_TRIGGERS:
        raise TriggersMissingError(f"{found} of {ALL_TRIGGERS} triggers are there and switched on")
