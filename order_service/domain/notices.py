"""What a customer is told of an order by e-mail: once for each change of its status."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from order_service.domain.products import Offer
from order_service.domain.status import Status

GIVEN_UP_AFTER = timedelta(days=3)
"""A mail server that puts a mail off for this long will not take it any more."""

LONGEST_PAUSE = timedelta(minutes=15)


class Delivery(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    """The mail server does not take it, and never will."""
    UNADDRESSED = "unaddressed"
    """The customer is gone, and their address with them."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """An event of an order, which may be worth a letter."""

    order_id: UUID
    version: int
    goods: Offer
    """The order's at that version."""


@dataclass(frozen=True, slots=True)
class News:
    """The change of status that an event tells of: the newest one at its version or before."""

    order_id: UUID
    version: int
    """Of the change. The event's own is higher where the order changed otherwise since."""
    status: Status
    before: Status | None
    reason: str | None
    pay_until: datetime | None
    """While the order still is in that status and awaits a payment."""
    is_told: bool
    is_customer_known: bool
    username: str | None
    """None: the customer is gone."""


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter on its way. Whoever has claimed it posts it."""

    order_id: UUID
    version: int
    letter: Letter
    address: str | None
    """None: the customer is gone."""
    written_at: datetime
    attempts: int
    trace: str | None = None
    """What it belongs to, for who follows that."""

    @property
    def name(self) -> str:
        """The same each time it is posted, so that who gets it twice can tell."""
        return f"order-{self.order_id}-{self.version}"


class CustomerUnknownError(Exception):
    """Nobody has told of the customer yet: the event is still under way."""


class PostOfficeAwayError(ConnectionError):
    """No mail at all can be posted at the moment."""


class MailPutOffError(Exception):
    """This mail cannot be posted at the moment. It may have been, where the answer got lost."""


class MailRefusedError(Exception):
    """This mail can never be posted."""


class Letters(Protocol):
    def write(self, news: News, goods: Offer) -> Letter: ...


class PostOffice(Protocol):
    async def post(self, mail: Mail, address: str) -> None:
        """Raises `MailRefusedError`, `MailPutOffError` or `PostOfficeAwayError`."""

    async def close(self) -> None:
        """There is nothing more to post for now."""


class Notifications(Protocol):
    """One for each change of status, whatever has become of it."""

    async def news(self, versions: Collection[tuple[UUID, int]]) -> Mapping[tuple[UUID, int], News]:
        """What the event of each order at each version tells; nothing where there is no such order."""

    async def add(self, letters: Mapping[News, Letter | None], now: datetime) -> None:
        """To be posted, or without a letter: to nobody. What is there already stays as it is."""

    async def claim(self, now: datetime, until: datetime) -> Mail | None:
        """One that is due. Nobody else gets it before `until`."""

    async def put_off(self, mail: Mail, until: datetime, reason: str) -> None: ...

    async def give_back(self, mail: Mail, now: datetime) -> None:
        """It was not tried."""

    async def settle(self, mail: Mail, delivery: Delivery, reason: str | None, now: datetime) -> None: ...


def pause_after(attempts: int) -> timedelta:
    """Doubling from ten seconds: mail servers that put mails off want them later, not more often."""
    return min(timedelta(seconds=10 * 2 ** min(attempts, 10)), LONGEST_PAUSE)
