"""Notifications in memory, and a post office that does as it is told."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from order_service.domain.notices import Delivery, Letter, Mail, News

Key = tuple[UUID, int]


@dataclass
class Entry:
    mail: Mail
    delivery: Delivery
    due_at: datetime | None
    reason: str | None = None


@dataclass
class FakeNotifications:
    """`found` is what it knows of orders, by order and version."""

    found: dict[Key, News] = field(default_factory=dict)
    stored: dict[Key, Entry] = field(default_factory=dict)
    address: str | None = "ada@example.com"

    async def news(self, versions: Collection[Key]) -> Mapping[Key, News]:
        found = {key: news for key in versions if (news := self.found.get(key)) is not None}
        return {key: replace(news, is_told=(news.order_id, news.version) in self.stored) for key, news in found.items()}

    async def add(self, letters: Mapping[News, Letter | None], now: datetime) -> None:
        for news, letter in letters.items():
            mail = Mail(news.order_id, news.version, letter or Letter("", "", ""), self.address, now, attempts=0)
            delivery = Delivery.UNADDRESSED if letter is None else Delivery.WAITING
            entry = Entry(mail, delivery, None if letter is None else now)
            self.stored.setdefault((news.order_id, news.version), entry)

    async def claim(self, now: datetime, until: datetime) -> Mail | None:
        due = [entry for entry in self.stored.values() if entry.due_at is not None and entry.due_at <= now]
        if not due:
            return None
        due[0].due_at = until
        return replace(due[0].mail, address=self.address)

    async def put_off(self, mail: Mail, until: datetime, reason: str) -> None:
        entry = self._of(mail)
        entry.mail = replace(mail, attempts=mail.attempts + 1)
        entry.due_at, entry.reason = until, reason

    async def give_back(self, mail: Mail, now: datetime) -> None:
        self._of(mail).due_at = now

    async def settle(self, mail: Mail, delivery: Delivery, reason: str | None, now: datetime) -> None:
        del now
        entry = self._of(mail)
        entry.delivery, entry.reason, entry.due_at = delivery, reason, None

    def _of(self, mail: Mail) -> Entry:
        return self.stored[mail.order_id, mail.version]


@dataclass
class FakePostOffice:
    """Raises what stands in `faults`, one a mail. Asked, it also notes that no transaction was open meanwhile."""

    is_in_transaction: Callable[[], bool]
    faults: list[Exception] = field(default_factory=list)
    posted: list[tuple[str, str]] = field(default_factory=list)
    is_closed: bool = False

    async def post(self, mail: Mail, address: str) -> None:
        assert not self.is_in_transaction()
        if self.faults:
            raise self.faults.pop(0)
        self.posted.append((mail.name, address))

    async def close(self) -> None:
        self.is_closed = True
