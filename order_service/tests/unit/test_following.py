from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from libs.process.ids import new_id
from order_service.domain.actor import Actor
from order_service.domain.live import PAGE_SIZE, HistoryPage
from order_service.domain.ports import OrderFilter, Row
from order_service.exceptions import InvalidLastEventId, OrderNotFound
from order_service.services.follow_order import FollowOrder
from order_service.tests.things import a_customer

ORDER = new_id()
OWNER = a_customer()


def entries(*statuses: str, first: int = 1) -> list[Row]:
    return [{"version": version, "to": status} for version, status in enumerate(statuses, first)]


@dataclass
class FakeReads:
    """One order, of which nothing but its history is read."""

    written: list[Row]

    async def history(self, order_id: UUID, viewer: Actor, limit: int, after: int) -> Sequence[Row]:
        if (order_id, viewer) != (ORDER, OWNER):
            raise OrderNotFound("none")
        return [entry for entry in self.written if entry["version"] > after][:limit]

    async def one(self, order_id: UUID, viewer: Actor) -> Row:
        raise NotImplementedError

    async def page(self, wanted: OrderFilter, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[Row]:
        raise NotImplementedError

    async def count(self, wanted: OrderFilter) -> int:
        raise NotImplementedError

    async def count_history(self, order_id: UUID) -> int:
        raise NotImplementedError


@dataclass
class FakeWatch:
    """Hands out what is `coming`, and is ended after that."""

    coming: list[HistoryPage] = field(default_factory=list)
    followed: list[tuple[UUID, int, UUID]] = field(default_factory=list)
    following: int = 0
    is_ended: bool = False

    @contextmanager
    def follow(self, order_id: UUID, after: int, person: UUID) -> Iterator["FakeWatch"]:
        self.followed.append((order_id, after, person))
        self.following += 1
        yield self
        self.following -= 1

    async def next_page(self) -> HistoryPage | None:
        return self.coming.pop(0) if self.coming else None

    def end(self) -> None:
        self.is_ended = True


async def told(written: list[Row], watch: FakeWatch, seen: int = 0) -> list[Any] | None:
    """The versions of the story."""
    async with FollowOrder(FakeReads(written), watch).follow(OWNER, ORDER, seen) as story:
        if story is None:
            assert not watch.followed
            return None
        assert watch.following == 1
        versions = [entry["version"] async for entry in story]
    assert watch.following == 0
    return versions


async def test_what_is_written_and_then_what_comes_until_the_order_is_final() -> None:
    watch = FakeWatch(
        [HistoryPage(entries("paid", first=3)), HistoryPage(entries("shipped", "delivered", first=4)), HistoryPage([])]
    )
    assert await told(entries("pending", "awaiting_payment"), watch) == [1, 2, 3, 4, 5]
    assert watch.followed == [(ORDER, 2, OWNER.user_id)]
    assert watch.coming == [HistoryPage([])]


@pytest.mark.parametrize("status", ["rejected", "cancelled", "expired", "refunded", "delivered"])
async def test_nothing_is_waited_for_once_the_order_is_final(status: str) -> None:
    watch = FakeWatch([HistoryPage(entries("paid", first=4))])
    assert await told(entries("pending", status, status), watch) == [1, 2, 3]
    assert await told(entries("pending", status, status), watch, seen=2) == [3]
    assert await told(entries("pending", status, status), FakeWatch(), seen=3) is None


@pytest.mark.parametrize("status", ["pending", "awaiting_payment", "paid", "shipped"])
async def test_who_has_seen_everything_waits_for_more(status: str) -> None:
    watch = FakeWatch([HistoryPage(entries("cancelled", first=3))])
    assert await told(entries("pending", status), watch, seen=2) == [3]
    assert watch.followed == [(ORDER, 2, OWNER.user_id)]


async def test_it_ends_where_it_is_ended() -> None:
    watch = FakeWatch()
    assert await told(entries("pending"), watch) == [1]
    async with FollowOrder(FakeReads(entries("pending")), watch).follow(OWNER, ORDER, 0) as story:
        assert story is not None
        story.end()
    assert watch.is_ended


@pytest.mark.parametrize("seen", [2, 3, 10**17])
async def test_an_entry_that_was_never_written(seen: int) -> None:
    watch = FakeWatch()
    with pytest.raises(InvalidLastEventId):
        await told(entries("cancelled"), watch, seen)
    assert not watch.followed


async def test_an_order_that_the_viewer_does_not_see() -> None:
    following = FollowOrder(FakeReads(entries("pending")), FakeWatch())
    with pytest.raises(OrderNotFound):
        async with following.follow(a_customer(), ORDER, 0):
            pass


@pytest.mark.parametrize("length", [PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, PAGE_SIZE + 2])
@pytest.mark.parametrize("seen", [0, 1])
async def test_a_final_entry_at_the_end_of_a_page_is_not_the_last(length: int, seen: int) -> None:
    """What was noted of the order after its final status is told, too."""
    written = entries(*["pending"] * (PAGE_SIZE - 2), *["cancelled"] * (length - PAGE_SIZE + 2))
    watch = FakeWatch([HistoryPage(written[PAGE_SIZE:])] if length > PAGE_SIZE else [])
    assert await told(written, watch, seen) == list(range(seen + 1, length + 1))
    assert not watch.coming
