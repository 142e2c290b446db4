"""What following an order's history as it is written needs, as contracts."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from order_service.domain.ports import Row
from order_service.domain.status import FINAL

PAGE_SIZE = 100
"""How many entries are handed over at once, at most."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Entries of one order's history that follow one another, oldest first."""

    entries: Sequence[Row]
    more: bool = False
    """There are later ones already."""

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "HistoryPage":
        """From `PAGE + 1` rows: the one too many tells that there are more."""
        return cls(rows[:PAGE_SIZE], more=len(rows) > PAGE_SIZE)

    @property
    def are_the_last(self) -> bool:
        return bool(self.entries) and not self.more and self.entries[-1]["to"] in FINAL


class Subscription(Protocol):
    """Somebody who follows one order."""

    async def next_page(self) -> HistoryPage | None:
        """Waits for the next entries. None: it was ended."""

    def end(self) -> None:
        """Keeps it from waiting any longer."""


class OrderFeed(Protocol):
    def follow(self, order_id: UUID, after: int, person: UUID) -> AbstractContextManager[Subscription]:
        """Gives every entry after version `after`, once and in order, whenever it was or will be written.

        Raises `TooManyStreams` or `Unavailable`.
        """
