"""Mails over SMTP."""

import asyncio
import re
import socket
from contextlib import suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WITH_CRLF
from email.utils import parseaddr

from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPNotSupported, SMTPRecipientsRefused, SMTPSenderRefused
from prometheus_client import Counter, Gauge

from libs.mail.message import MailRefusedError, MailServerUnavailable, OutgoingEmail, TemporaryMailError
from libs.mail.settings import MailSettings

ANSWER_TIMEOUT = 10.0
"""Seconds for one answer of the mail server."""

SEND_TIMEOUT = 30.0
"""Seconds for all that one mail takes. With those for a connection, less than any lease of a mail."""

QUIT_TIMEOUT = 1.0
# From this code on an answer is meant for good.
REFUSED = 500
# Said to a sender, but of the mail: it is larger than the server takes (RFC 1870).
TOO_LARGE = 552

SENT = Counter("mails_total", "What mail servers said to mails", ["answer"])
UP = Gauge("mail_server_up", "1 while the mail server can be talked to", multiprocess_mode="mostrecent")


class SmtpTransport:
    """Keeps one connection for as long as there is something to send."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._connection: SMTP | None = None
        # Until a try shows otherwise.
        UP.set(1)

    async def send(self, email: OutgoingEmail) -> None:
        address = email.address
        connection = await self._open()
        answer = "deferred"
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await connection.send_message(
                    _message(email, self._settings), sender=self._settings.sender, recipients=[address]
                )
            answer = "accepted"
        except SMTPSenderRefused as error:
            if error.code == TOO_LARGE:
                answer = "refused"
                raise MailRefusedError(_describe(error, address)) from error
            answer = "unavailable"
            raise MailServerUnavailable(
                f"it takes nothing from {self._settings.sender}: {_describe(error, address)}"
            ) from error
        except (SMTPNotSupported, MessageError, ValueError) as error:
            answer = "refused"
            raise MailRefusedError(_describe(error, address)) from error
        except (SMTPRecipientsRefused, SMTPDataError) as error:
            code = error.code if isinstance(error, SMTPDataError) else error.recipients[0].code
            answer = "refused" if code >= REFUSED else "deferred"
            raise (MailRefusedError if code >= REFUSED else TemporaryMailError)(_describe(error, address)) from error
        except (SMTPException, OSError) as error:
            # Whether it was accepted is unknown, and so is what else would come over this connection.
            self._disconnect()
            raise TemporaryMailError(_describe(error, address)) from error
        finally:
            SENT.labels(answer).inc()
            UP.set(answer != "unavailable")

    async def close(self) -> None:
        connection = self._connection
        if connection is not None:
            with suppress(SMTPException, OSError):
                await connection.quit(timeout=QUIT_TIMEOUT)
            self._disconnect()

    async def _open(self) -> SMTP:
        if self._connection is None or not self._connection.is_connected:
            self._connection = connection = self._new_connection()
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    await connection.connect()
            except (SMTPException, OSError) as error:
                UP.set(0)
                self._disconnect()
                raise MailServerUnavailable(_describe(error)) from error
        return self._connection

    def _new_connection(self) -> SMTP:
        settings = self._settings
        password = settings.smtp_password
        return SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=None if password is None else password.get_secret_value(),
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            timeout=ANSWER_TIMEOUT,
            local_hostname=socket.gethostname(),
        )

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _message(email: OutgoingEmail, settings: MailSettings) -> EmailMessage:
    """Raises ValueError if no mail can be made of it."""
    address = email.address
    if parseaddr(address)[1] != address:
        raise ValueError(f"{address!r} is no address")
    user, _, domain = address.rpartition("@")
    message = EmailMessage(policy=WITH_CRLF)
    message["From"] = settings.mail_from
    message["To"] = Address(username=user, domain=domain)
    message["Subject"] = email.content.subject
    message["Date"] = email.created_at
    message["Message-ID"] = f"<{email.name}@{settings.sender.rpartition('@')[2]}>"
    # Or people's absence notices would answer.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(email.content.text)
    message.add_alternative(email.content.html, subtype="html")
    return message


def _describe(error: Exception, address: str = "") -> str:
    """What a server says may hold anything; what is kept of it fits into a log and a column, and names nobody."""
    if isinstance(error, SMTPRecipientsRefused):
        error = error.recipients[0]
    said = " ".join(str(part) for part in error.args[:2]) or type(error).__name__
    if user := address.rpartition("@")[0]:
        # A whole address is known by its form, and many a server says only whom it does not know.
        said = re.sub(rf"(?<![\w.]){re.escape(user)}(?![\w@])", "(address)", said, flags=re.IGNORECASE)
    return said[:500].encode(errors="backslashreplace").decode().replace("\0", "")
