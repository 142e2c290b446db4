"""An order's history as it is written: what there is, then each entry as it comes, until the order is final."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from order_service.domain.actor import Actor
from order_service.domain.live import PAGE_SIZE, HistoryPage, OrderFeed, Subscription
from order_service.domain.ports import OrderReads, Row
from order_service.exceptions import InvalidLastEventId


@dataclass(frozen=True, slots=True)
class HistoryStream:
    """The entries that somebody has not seen, to be iterated once."""

    begin: HistoryPage
    follower: Subscription

    async def __aiter__(self) -> AsyncIterator[Row]:
        news: HistoryPage | None = self.begin
        while news is not None:
            for entry in news.entries:
                yield entry
            news = None if news.are_the_last else await self.follower.next_page()

    def end(self) -> None:
        """What is written from now on is left to whoever follows again."""
        self.follower.end()


@dataclass(frozen=True, slots=True)
class FollowOrder:
    reads: OrderReads
    watch: OrderFeed

    @asynccontextmanager
    async def follow(self, viewer: Actor, order_id: UUID, seen: int) -> AsyncIterator[HistoryStream | None]:
        """What follows version `seen`, or everything after 0. None: that was the last, nothing will follow."""
        # The entry that was seen is read again: it shows that it was this order's, and whether others can follow.
        begin = HistoryPage.of(await self.reads.history(order_id, viewer, PAGE_SIZE + 1, max(seen - 1, 0)))
        newest = begin.entries[-1]["version"] if begin.entries else 0
        if seen:
            if not begin.entries or begin.entries[0]["version"] != seen:
                raise InvalidLastEventId(f"The order's history has no entry {seen} yet.")
            if begin.are_the_last and newest == seen:
                yield None
                return
            begin = HistoryPage(begin.entries[1:], begin.more)
        with self.watch.follow(order_id, newest, viewer.user_id) as follower:
            yield HistoryStream(begin, follower)
