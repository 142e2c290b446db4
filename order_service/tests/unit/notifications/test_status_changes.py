"""Which changes of an order customers get an e-mail about."""

from libs.process.ids import new_id
from order_service.domain.order import Order
from order_service.domain.status import Status
from order_service.notifications.email import StatusChange, status_changes
from order_service.tests.things import NOW, a_customer, a_product, an_offer, an_order, an_order_that_is

CUSTOMER = a_customer()


def test_a_new_order_is_a_change_of_status() -> None:
    items = an_offer()
    order, _ = Order.place(new_id(), CUSTOMER, items, {}, NOW)
    assert list(status_changes(order)) == [StatusChange(order.id, 1, NOW, items)]


def test_new_details_are_no_change_of_status() -> None:
    order = an_order(CUSTOMER)
    order.amend(CUSTOMER, None, {"comment": "Ring twice"}, NOW)
    assert list(status_changes(order)) == []


def test_new_items_that_send_an_order_back_to_pending_are_one_and_the_email_has_them() -> None:
    order = an_order_that_is(Status.AWAITING_PAYMENT, CUSTOMER)
    items = an_offer((a_product("Desk", "250.00"), 1))
    order.amend(CUSTOMER, items, {}, NOW)
    assert list(status_changes(order)) == [StatusChange(order.id, 2, NOW, items)]


def test_an_order_that_is_deleted_with_its_cancelling_is_cancelled_in_its_email() -> None:
    order = an_order(CUSTOMER)
    order.delete(CUSTOMER, NOW)
    assert [change.version for change in status_changes(order)] == [2]
    assert order.version == 3
