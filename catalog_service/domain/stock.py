"""How many of a product there are, and how many of these are promised."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from catalog_service.exceptions import StockTooHigh, StockTooLow

MAX_ON_HAND = 10_000_000


@dataclass(frozen=True, slots=True)
class Admin:
    """Who changes stock by hand."""

    id: UUID
    username: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Why there are more or fewer on hand since this version of the stock."""

    product_id: UUID
    version: int
    delta: int
    reason: str
    actor: Admin
    at: datetime


@dataclass(slots=True)
class Stock:
    """`reserved` are on hand and promised to orders. Each change of either makes a version."""

    product_id: UUID
    on_hand: int = 0
    reserved: int = 0
    version: int = 1

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved

    def adjust(self, delta: int, reason: str, actor: Admin, now: datetime) -> LedgerEntry:
        on_hand = self.on_hand + delta
        if on_hand < self.reserved:
            raise StockTooLow(f"{self.on_hand} are on hand and {self.reserved} of them reserved.")
        if on_hand > MAX_ON_HAND:
            raise StockTooHigh(f"{self.on_hand} are on hand; at most {MAX_ON_HAND} can be.")
        self.on_hand = on_hand
        self.version += 1
        return LedgerEntry(self.product_id, self.version, delta, reason, actor, now)

    def opening(self, actor: Admin, now: datetime) -> LedgerEntry:
        """The first entry, so that the sum of all is what is on hand."""
        return LedgerEntry(self.product_id, self.version, self.on_hand, "opening stock", actor, now)
