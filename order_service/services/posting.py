"""Posting what was written. No transaction is open while a mail server is talked to.

Several workers may do it at once. A mail is claimed, posted, settled; one whose claim runs out, because its worker died
in between, is posted again under the same name.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from libs.observability.tracing import span
from libs.process.failpoints import failpoint
from order_service.domain.notices import (
    GIVEN_UP_AFTER,
    Delivery,
    Mail,
    MailPutOffError,
    MailRefusedError,
    PostOffice,
    PostOfficeAwayError,
    pause_after,
)
from order_service.domain.ports import UnitOfWorkFactory

CLAIMED_FOR = timedelta(seconds=60)
"""Longer than a post office takes for one mail, so that no two workers post the same at once."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Posting:
    uow: UnitOfWorkFactory
    post_office: PostOffice

    async def post_due(self) -> None:
        """For a timer. Raises `PostOfficeAwayError`; every mail is then still waiting."""
        try:
            while (mail := await self._claim()) is not None:
                failpoint("mail.claimed")
                await _to_its_end(self._post_traced(mail))
        finally:
            await self.post_office.close()

    async def _claim(self) -> Mail | None:
        now = datetime.now(UTC)
        async with self.uow() as work:
            return await work.notifications.claim(now, now + CLAIMED_FOR)

    async def _post_traced(self, mail: Mail) -> None:
        with span("post mail", mail.trace, shop_mail=mail.name):
            await self._post(mail)

    async def _post(self, mail: Mail) -> None:
        if mail.address is None:
            await self._settle(mail, Delivery.UNADDRESSED)
            return
        try:
            await self.post_office.post(mail, mail.address)
        except PostOfficeAwayError:
            async with self.uow() as work:
                await work.notifications.give_back(mail, datetime.now(UTC))
            raise
        except MailRefusedError as error:
            await self._settle(mail, Delivery.REFUSED, str(error))
        except MailPutOffError as error:
            await self._put_off(mail, str(error))
        else:
            failpoint("mail.accepted")
            await self._settle(mail, Delivery.SENT)

    async def _put_off(self, mail: Mail, reason: str) -> None:
        now = datetime.now(UTC)
        if now - mail.written_at > GIVEN_UP_AFTER:
            await self._settle(mail, Delivery.REFUSED, reason)
            return
        log.warning("mail_put_off", mail=mail.name, reason=reason)
        async with self.uow() as work:
            await work.notifications.put_off(mail, now + pause_after(mail.attempts), reason)

    async def _settle(self, mail: Mail, delivery: Delivery, reason: str | None = None) -> None:
        if delivery is Delivery.REFUSED:
            log.error("mail_refused", mail=mail.name, reason=reason)
        async with self.uow() as work:
            await work.notifications.settle(mail, delivery, reason, datetime.now(UTC))


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """A worker that is told to stop finishes the mail in its hands, or nobody would know whether it was posted."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        # Whatever came of it is in the database; nothing may take the place of the request to stop.
        await asyncio.gather(task, return_exceptions=True)
        raise
