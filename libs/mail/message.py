"""An e-mail and what may become of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class EmailContent:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class OutgoingEmail:
    name: str
    """The same each time it is sent, so that a receiver who gets it twice can tell: the `Message-ID` is made of it."""
    address: str
    content: EmailContent
    created_at: datetime


class MailServerUnavailable(ConnectionError):
    """No mail at all can be sent at the moment."""


class TemporaryMailError(Exception):
    """This mail cannot be sent at the moment. It may have been, if the answer was lost."""


class MailRefusedError(Exception):
    """This mail can never be sent."""


class MailTransport(Protocol):
    async def send(self, email: OutgoingEmail) -> None:
        """Raises `MailRefusedError`, `TemporaryMailError` or `MailServerUnavailable`."""

    async def close(self) -> None:
        """There is nothing more to send for now."""
