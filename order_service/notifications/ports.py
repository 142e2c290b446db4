"""What sending e-mails needs from outside, as contracts."""

from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from libs.mail.message import EmailContent
from order_service.notifications.email import Email, EmailStatus


class TemplateRenderer(Protocol):
    def render(self, email: Email) -> EmailContent: ...


class Emails(Protocol):
    """One for each change of status, which the transaction of that change has added, whatever has become of it."""

    async def claim(self, now: datetime, until: datetime) -> Email | None:
        """One that is due. No other worker gets it before `until`."""

    async def defer(self, email: Email, until: datetime, reason: str) -> None:
        """It was tried."""

    async def release(self, email: Email, until: datetime) -> None:
        """It was not tried."""

    async def settle(self, email: Email, status: EmailStatus, reason: str | None, now: datetime) -> None: ...


class UnitOfWork(Protocol):
    @property
    def emails(self) -> Emails: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class UnitOfWorkFactory(Protocol):
    def __call__(self) -> UnitOfWork: ...
