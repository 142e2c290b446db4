"""E-mails in memory, and a mail server that does as it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from libs.mail.message import EmailContent, OutgoingEmail
from order_service.notifications.email import Email, EmailStatus

Key = tuple[UUID, int]


@dataclass
class Entry:
    email: Email
    status: EmailStatus = EmailStatus.WAITING
    due_at: datetime | None = None
    reason: str | None = None


@dataclass
class FakeEmails:
    stored: dict[Key, Entry] = field(default_factory=dict)

    def put(self, email: Email) -> Entry:
        entry = Entry(email, due_at=email.change.at)
        self.stored[email.change.order_id, email.change.version] = entry
        return entry

    async def claim(self, now: datetime, until: datetime) -> Email | None:
        due = [entry for entry in self.stored.values() if entry.due_at is not None and entry.due_at <= now]
        if not due:
            return None
        due[0].due_at = until
        return due[0].email

    async def defer(self, email: Email, until: datetime, reason: str) -> None:
        entry = self._of(email)
        entry.email = replace(email, attempts=email.attempts + 1)
        entry.due_at, entry.reason = until, reason

    async def release(self, email: Email, until: datetime) -> None:
        self._of(email).due_at = until

    async def settle(self, email: Email, status: EmailStatus, reason: str | None, now: datetime) -> None:
        del now
        entry = self._of(email)
        entry.status, entry.reason, entry.due_at = status, reason, None

    def _of(self, email: Email) -> Entry:
        return self.stored[email.change.order_id, email.change.version]


class FakeUnitOfWork:
    """Is its own factory."""

    def __init__(self) -> None:
        self.emails = FakeEmails()
        self.is_open = False

    def __call__(self) -> Self:
        return self

    async def __aenter__(self) -> Self:
        assert not self.is_open
        self.is_open = True
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.is_open = False


class FakeRenderer:
    def render(self, email: Email) -> EmailContent:
        if email.reason == "a slip in the template":
            raise KeyError(email.reason)
        return EmailContent(email.status, f"{email.change.items.total} {email.change.items.currency}", "")


@dataclass
class FakeTransport:
    """Raises what stands in `faults`, one a mail. Asked, it also notes that no transaction was open meanwhile."""

    is_in_transaction: Callable[[], bool]
    faults: list[Exception] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    is_closed: bool = False

    async def send(self, email: OutgoingEmail) -> None:
        assert not self.is_in_transaction()
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append((email.name, email.address))

    async def close(self) -> None:
        self.is_closed = True
