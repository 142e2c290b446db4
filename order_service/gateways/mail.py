"""Mail over SMTP."""

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

from order_service.core.settings import MailSettings
from order_service.domain.notices import Mail, MailPutOffError, MailRefusedError, PostOfficeAwayError

PATIENCE = 10.0
"""Seconds for one answer of the mail server."""

PATIENCE_FOR_ALL = 30.0
"""Seconds for all that one mail takes. Less than it is claimed for, also where a connection has to be made first."""

GOODBYE = 1.0
# From this code on an answer is meant for good.
REFUSED = 500
# Said to a sender, but of the mail: it is larger than the server takes (RFC 1870).
TOO_LARGE = 552

SENT = Counter("mails_total", "What mail servers said to mails", ["answer"])
UP = Gauge("mail_server_up", "1 while the mail server can be talked to", multiprocess_mode="mostrecent")


class SmtpPostOffice:
    """Keeps one connection for as long as there is something to post."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._connection: SMTP | None = None
        # Until somebody has found it otherwise.
        UP.set(1)

    async def post(self, mail: Mail, address: str) -> None:
        connection = await self._open()
        answer = "put off"
        try:
            async with asyncio.timeout(PATIENCE_FOR_ALL):
                await connection.send_message(
                    _message(mail, self._settings, address), sender=self._settings.sender, recipients=[address]
                )
            answer = "accepted"
        except SMTPSenderRefused as error:
            if error.code == TOO_LARGE:
                answer = "refused"
                raise MailRefusedError(_told(error, address)) from error
            answer = "away"
            raise PostOfficeAwayError(
                f"it takes nothing from {self._settings.sender}: {_told(error, address)}"
            ) from error
        except (SMTPNotSupported, MessageError, ValueError) as error:
            answer = "refused"
            raise MailRefusedError(_told(error, address)) from error
        except (SMTPRecipientsRefused, SMTPDataError) as error:
            code = error.code if isinstance(error, SMTPDataError) else error.recipients[0].code
            answer = "refused" if code >= REFUSED else "put off"
            raise (MailRefusedError if code >= REFUSED else MailPutOffError)(_told(error, address)) from error
        except (SMTPException, OSError) as error:
            # Whether it was accepted nobody knows, nor what else would come over this connection.
            self._hang_up()
            raise MailPutOffError(_told(error, address)) from error
        finally:
            SENT.labels(answer).inc()
            UP.set(answer != "away")

    async def close(self) -> None:
        connection = self._connection
        if connection is not None:
            with suppress(SMTPException, OSError):
                await connection.quit(timeout=GOODBYE)
            self._hang_up()

    async def _open(self) -> SMTP:
        if self._connection is None or not self._connection.is_connected:
            self._connection = connection = self._new_connection()
            try:
                async with asyncio.timeout(PATIENCE):
                    await connection.connect()
            except (SMTPException, OSError) as error:
                UP.set(0)
                self._hang_up()
                raise PostOfficeAwayError(_told(error)) from error
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
            timeout=PATIENCE,
            local_hostname=socket.gethostname(),
        )

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _message(mail: Mail, settings: MailSettings, address: str) -> EmailMessage:
    """Raises ValueError where there is no mail to be made of it."""
    if parseaddr(address)[1] != address:
        raise ValueError(f"{address!r} is no address")
    user, _, domain = address.rpartition("@")
    message = EmailMessage(policy=WITH_CRLF)
    message["From"] = settings.mail_from
    message["To"] = Address(username=user, domain=domain)
    message["Subject"] = mail.letter.subject
    message["Date"] = mail.written_at
    message["Message-ID"] = f"<{mail.name}@{settings.sender.rpartition('@')[2]}>"
    # Or people's absence notices would answer.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.letter.text)
    message.add_alternative(mail.letter.html, subtype="html")
    return message


def _told(error: Exception, address: str = "") -> str:
    """What a server says may hold anything; what is kept of it fits into a log and a column, and names nobody."""
    if isinstance(error, SMTPRecipientsRefused):
        error = error.recipients[0]
    said = " ".join(str(part) for part in error.args[:2]) or type(error).__name__
    if user := address.rpartition("@")[0]:
        # A whole address is known by its form, and many a server says only whom it does not know.
        said = re.sub(rf"(?<![\w.]){re.escape(user)}(?![\w@])", "(address)", said, flags=re.IGNORECASE)
    return said[:500].encode(errors="backslashreplace").decode().replace("\0", "")
