"""E-mails as tests need them."""

from datetime import UTC, datetime

from libs.process.ids import new_id
from order_service.domain.products import PricedItems
from order_service.domain.status import Status
from order_service.notifications.email import Email, StatusChange
from order_service.tests.things import an_offer


def an_email(
    status: Status = Status.PENDING,
    *,
    version: int = 1,
    items: PricedItems | None = None,
    previous_status: Status | None = None,
    reason: str | None = None,
    pay_until: datetime | None = None,
    username: str | None = "ada",
    at: datetime | None = None,
) -> Email:
    return Email(
        change=StatusChange(new_id(), version, at or datetime.now(UTC), items or an_offer()),
        status=status,
        previous_status=previous_status,
        reason=reason,
        pay_until=pay_until,
        is_customer_known=True,
        username=username,
        address="ada@example.com",
        attempts=0,
    )
