"""News as tests need them."""

from datetime import datetime

from libs.process.ids import new_id
from order_service.domain.notices import News
from order_service.domain.status import Status


def some_news(
    status: Status,
    *,
    version: int = 1,
    before: Status | None = None,
    reason: str | None = None,
    pay_until: datetime | None = None,
    username: str = "ada",
) -> News:
    return News(
        order_id=new_id(),
        version=version,
        status=status,
        before=before,
        reason=reason,
        pay_until=pay_until,
        is_told=False,
        is_customer_known=True,
        username=username,
    )
