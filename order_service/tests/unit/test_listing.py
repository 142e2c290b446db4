from uuid import UUID

import pytest

from libs.process.ids import new_id
from libs.tokens.principal import Forbidden
from order_service.domain.actor import Actor
from order_service.domain.ports import OrderFilter
from order_service.services.order_filter import order_filter_for
from order_service.tests.things import a_customer, an_admin


def listed(viewer: Actor, user_id: UUID | None) -> OrderFilter:
    return order_filter_for(viewer, user_id=user_id, status=None, created_from=None, created_to=None)


def test_a_customer_lists_their_own() -> None:
    customer = a_customer()
    own = OrderFilter(customer.user_id, with_deleted=False)
    assert listed(customer, None) == own
    assert listed(customer, customer.user_id) == own
    with pytest.raises(Forbidden):
        listed(customer, new_id())


def test_an_admin_lists_everybodys() -> None:
    someone = new_id()
    assert listed(an_admin(), None) == OrderFilter(None, with_deleted=True)
    assert listed(an_admin(), someone) == OrderFilter(someone, with_deleted=True)
