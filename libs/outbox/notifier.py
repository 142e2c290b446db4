"""Wakes the relay after a commit."""

import asyncio
import contextlib
from typing import Final

import asyncpg

from libs.database.errors import STATEMENT_ERRORS
from libs.database.timeouts import CONNECT_TIMEOUT
from libs.database.urls import for_asyncpg
from libs.outbox.store import CHANNEL

# Seconds between notifications while one commit follows another: a relay at work looks as often by itself.
MIN_INTERVAL: Final = 0.02


class OutboxNotifier:
    """Notifies without making anyone wait.

    Not a trigger: a transaction that notified takes a lock on the whole database while it commits, so all commits
    would queue behind one another. One connection that does nothing else notifies for everyone; what comes
    while a notification is under way becomes one more. One that is lost costs no more than the relay's slow poll.
    """

    def __init__(self, database_url: str) -> None:
        self._dsn = for_asyncpg(database_url)
        self._connection: asyncpg.Connection | None = None
        self._notifying: asyncio.Task[None] | None = None
        self._again = False

    def notify(self) -> None:
        """Call after the commit; returns at once."""
        if self._notifying is None or self._notifying.done():
            self._notifying = asyncio.create_task(self._run())
        else:
            self._again = True

    async def _run(self) -> None:
        while True:
            self._again = False
            await self._send()
            if not self._again:
                return
            await asyncio.sleep(MIN_INTERVAL)

    async def _send(self) -> None:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(
                    self._dsn, timeout=CONNECT_TIMEOUT, command_timeout=CONNECT_TIMEOUT
                )
            await self._connection.execute(f"NOTIFY {CHANNEL}")
        except STATEMENT_ERRORS:
            await self._disconnect()

    async def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def aclose(self) -> None:
        if self._notifying is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._notifying
        await self._disconnect()
