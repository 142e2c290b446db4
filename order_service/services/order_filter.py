"""Which orders a person may list."""

from datetime import datetime
from uuid import UUID

from libs.tokens.principal import Forbidden
from order_service.domain.actor import Actor
from order_service.domain.ports import OrderFilter
from order_service.domain.status import Status


def order_filter_for(
    viewer: Actor,
    *,
    user_id: UUID | None,
    status: Status | None,
    created_from: datetime | None,
    created_to: datetime | None,
) -> OrderFilter:
    """An admin sees everybody's, also those that were deleted; anybody else their own.

    Asking for another person's is 403 and not 404: the answer is the same whoever that is, so it gives nothing away.
    """
    if not viewer.is_admin:
        if user_id not in (None, viewer.user_id):
            raise Forbidden("Only an admin sees the orders of others.")
        user_id = viewer.user_id
    return OrderFilter(
        user_id=user_id,
        with_deleted=viewer.is_admin,
        status=status,
        created_from=created_from,
        created_to=created_to,
    )
