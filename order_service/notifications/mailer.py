"""Sends the e-mails that wait. No transaction is open while a mail server is talked to.

Several workers may do it at once. An e-mail whose lease runs out, because its worker died, is sent again under the same
name.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from libs.backoff import Backoff
from libs.jobs import Done, Failed, Later, Outcome, run_due
from libs.mail.message import (
    MailRefusedError,
    MailServerUnavailable,
    MailTransport,
    OutgoingEmail,
    TemporaryMailError,
)
from libs.observability.tracing import span
from libs.process.failpoints import failpoint
from order_service.notifications.email import Email, EmailStatus
from order_service.notifications.ports import TemplateRenderer, UnitOfWorkFactory

LEASE = timedelta(seconds=60)
"""Longer than a mail server may take for one e-mail, so that no two workers send the same at once."""
BACKOFF = Backoff(first=10, longest=15 * 60)
"""Mail servers that defer mails want them later, not more often."""
GIVE_UP_AFTER = timedelta(days=3)
"""A mail server that defers an e-mail for this long will not take it any more."""
CUSTOMER_WAIT = (timedelta(seconds=1), timedelta(minutes=1))
"""The shortest and the longest wait for the event that tells of a customer."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mailer:
    uow: UnitOfWorkFactory
    renderer: TemplateRenderer
    transport: MailTransport

    async def send_due(self) -> None:
        """For a timer. Raises `MailServerUnavailable`; every e-mail is then still waiting."""
        try:
            await run_due(self._claim, self._send_traced, self._settle)
        finally:
            await self.transport.close()

    async def _claim(self) -> Email | None:
        now = datetime.now(UTC)
        async with self.uow() as work:
            email = await work.emails.claim(now, now + LEASE)
        if email is not None:
            failpoint("mail.claimed")
        return email

    async def _send_traced(self, email: Email) -> Outcome:
        with span("send mail", email.traceparent, shop_mail=email.name):
            return await self._send(email)

    async def _send(self, email: Email) -> Outcome:
        if not email.is_customer_known:
            return Later("no event has told of the customer yet")
        if email.address is None:
            return Done()
        try:
            content = self.renderer.render(email)
        except Exception as error:
            # A slip in one template must not keep the others' e-mails from being sent.
            log.exception("mail_not_rendered", mail=email.name)
            return _later_or_failed(email, repr(error))
        try:
            await self.transport.send(OutgoingEmail(email.name, email.address, content, email.change.at))
        except MailServerUnavailable:
            async with self.uow() as work:
                await work.emails.release(email, datetime.now(UTC))
            raise
        except MailRefusedError as error:
            return Failed(str(error))
        except TemporaryMailError as error:
            return _later_or_failed(email, str(error))
        failpoint("mail.accepted")
        return Done()

    async def _settle(self, email: Email, outcome: Outcome) -> None:
        now = datetime.now(UTC)
        async with self.uow() as work:
            match outcome:
                case Done():
                    status = EmailStatus.UNADDRESSED if email.address is None else EmailStatus.SENT
                    await work.emails.settle(email, status, None, now)
                case Failed(reason):
                    log.error("mail_refused", mail=email.name, reason=reason)
                    await work.emails.settle(email, EmailStatus.REFUSED, reason, now)
                case Later() if not email.is_customer_known:
                    # As long again as it has waited already.
                    shortest, longest = CUSTOMER_WAIT
                    await work.emails.release(email, now + min(max(now - email.change.at, shortest), longest))
                case Later(reason):
                    log.warning("mail_deferred", mail=email.name, reason=reason)
                    await work.emails.defer(email, now + BACKOFF.after(email.attempts + 1), reason)


def _later_or_failed(email: Email, reason: str) -> Outcome:
    return Later(reason) if datetime.now(UTC) - email.change.at <= GIVE_UP_AFTER else Failed(reason)
