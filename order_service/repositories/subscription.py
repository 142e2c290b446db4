"""Somebody who follows an order, between the watch that knows what is new and the stream that tells it."""

import asyncio
from uuid import UUID

from order_service.domain.live import HistoryPage


class BufferedSubscription:
    """Takes one portion at a time: for one who is slow the rest waits in the database, not in memory."""

    def __init__(self, order_id: UUID, after: int, person: UUID) -> None:
        self.order_id = order_id
        self.after = after
        self.person = person
        self._news: HistoryPage | None = None
        self._is_ended = False
        self._called = asyncio.Event()

    @property
    def takes_more(self) -> bool:
        return self._news is None

    def give(self, news: HistoryPage) -> None:
        """Of an order that others follow as well, who may not have had what this one has."""
        entries = [entry for entry in news.entries if entry["version"] > self.after]
        if entries:
            self.after = entries[-1]["version"]
            self._news = HistoryPage(entries, news.more)
            self._called.set()

    def end(self) -> None:
        self._is_ended = True
        self._called.set()

    async def next_page(self) -> HistoryPage | None:
        if not self._is_ended:
            await self._called.wait()
            self._called.clear()
        news, self._news = self._news, None
        return news
