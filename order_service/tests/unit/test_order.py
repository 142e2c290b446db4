from decimal import Decimal

import pytest

from libs.process.ids import new_id
from order_service.domain.events import (
    OrderAmended,
    OrderCancelled,
    OrderDelivered,
    OrderPlaced,
    OrderRejected,
    OrderReserved,
    OrderShipped,
)
from order_service.domain.order import HistoryEntry, Order
from order_service.domain.status import BEFORE_PAYMENT, FINAL, Status
from order_service.domain.stock_result import Shortage
from order_service.exceptions import IllegalTransition, OrderInProgress
from order_service.tests.things import (
    HOLD,
    LATER,
    NOW,
    a_customer,
    a_product,
    an_admin,
    an_offer,
    an_order,
    an_order_that_is,
)


def test_a_new_order_is_pending_and_knows_its_total() -> None:
    customer = a_customer()
    offer = an_offer((a_product("Lamp", "19.99"), 3), (a_product("Bulb", "0.10"), 7))
    order, fact = Order.place(new_id(), customer, offer, {"comment": "Ring twice."}, NOW)
    assert (order.status, order.version, order.user_id, order.username) == (
        Status.PENDING,
        1,
        customer.user_id,
        "ada",
    )
    assert (order.total, order.currency) == (Decimal("60.67"), "EUR")
    assert (order.delivery_address, order.comment) == (None, "Ring twice.")
    assert isinstance(fact, OrderPlaced)
    assert order.changes == [HistoryEntry(1, NOW, f"user:{customer.user_id}", None, Status.PENDING, None)]


def test_stock_that_is_held_makes_it_payable() -> None:
    order = an_order()
    assert order.awaits_answer(1)
    assert isinstance(order.reserve(LATER, HOLD), OrderReserved)
    assert (order.status, order.version, order.updated_at) == (Status.AWAITING_PAYMENT, 2, LATER)
    assert order.changes == [HistoryEntry(2, LATER, "catalog", Status.PENDING, Status.AWAITING_PAYMENT, None)]
    assert not order.awaits_answer(1)
    assert not order.awaits_answer(2)


def test_a_rejection_says_which_products_lack_how_many() -> None:
    lamp, bulb = a_product("Lamp"), a_product("Bulb")
    order = an_order(offer=an_offer((lamp, 5), (bulb, 77)))
    fact = order.reject([Shortage(bulb.id, 77, 3)], LATER)
    assert isinstance(fact, OrderRejected)
    assert order.status_reason == "Not enough in stock: Bulb: 77 wanted, 3 available"
    assert (order.changes[0].to_status, order.changes[0].reason) == (Status.REJECTED, order.status_reason)


@pytest.mark.parametrize("status", sorted(BEFORE_PAYMENT))
def test_before_payment_it_can_be_cancelled(status: Status) -> None:
    customer = a_customer()
    order = an_order_that_is(status, customer)
    assert isinstance(order.cancel(customer, LATER), OrderCancelled)
    assert (order.status, order.version) == (Status.CANCELLED, 2)
    assert order.cancel(customer, LATER) is None
    assert order.version == 2
    assert len(order.changes) == 1


@pytest.mark.parametrize(
    "status", sorted(set(Status) - BEFORE_PAYMENT - {Status.PAID, Status.CANCELLED, Status.REFUNDED})
)
def test_afterwards_it_cannot(status: Status) -> None:
    order = an_order_that_is(status)
    with pytest.raises(IllegalTransition):
        order.cancel(an_admin(), LATER)
    assert (order.status, order.version, order.changes) == (status, 1, [])


def test_what_is_paid_is_shipped_and_then_delivered() -> None:
    admin = an_admin()
    order = an_order_that_is(Status.PAID)
    assert isinstance(order.ship(admin, LATER), OrderShipped)
    assert isinstance(order.deliver(admin, LATER), OrderDelivered)
    assert [change.actor for change in order.changes] == [f"admin:{admin.user_id}"] * 2
    assert (order.status, order.version) == (Status.DELIVERED, 3)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.PAID}))
def test_only_what_is_paid_is_shipped(status: Status) -> None:
    with pytest.raises(IllegalTransition):
        an_order_that_is(status).ship(an_admin(), LATER)


@pytest.mark.parametrize("status", sorted(FINAL))
def test_what_is_final_stays(status: Status) -> None:
    order = an_order_that_is(status)
    admin = an_admin()
    with pytest.raises(IllegalTransition):
        order.reserve(LATER, HOLD)
    with pytest.raises(IllegalTransition):
        order.reject([], LATER)
    with pytest.raises(IllegalTransition):
        order.deliver(admin, LATER)
    with pytest.raises(IllegalTransition):
        order.amend(admin, None, {"comment": "x"}, LATER)
    assert (order.status, order.version, order.changes) == (status, 1, [])


@pytest.mark.parametrize("status", sorted(BEFORE_PAYMENT))
def test_before_payment_its_details_can_be_changed(status: Status) -> None:
    customer = a_customer()
    order = an_order_that_is(status, customer)
    assert isinstance(order.amend(customer, None, {"delivery_address": "1 Quiet Lane"}, LATER), OrderAmended)
    assert (order.delivery_address, order.comment) == ("1 Quiet Lane", None)
    assert (order.status, order.version) == (status, 2)
    assert order.changes == [
        HistoryEntry(2, LATER, f"user:{customer.user_id}", status, status, "delivery address changed")
    ]


def test_after_a_change_only_an_answer_to_the_new_version_matters() -> None:
    customer = a_customer()
    order = an_order(customer)
    order.amend(customer, None, {"comment": "Ring twice."}, LATER)
    assert not order.awaits_answer(1)
    assert order.awaits_answer(2)


def test_the_same_details_again_change_nothing() -> None:
    customer = a_customer()
    order = an_order(customer, details={"comment": "Ring twice."})
    assert order.amend(customer, None, {"comment": "Ring twice.", "delivery_address": None}, LATER) is None
    assert (order.version, order.updated_at, order.changes) == (1, NOW, [])


def test_an_open_order_is_cancelled_before_it_is_deleted() -> None:
    customer = a_customer()
    order = an_order(customer)
    assert isinstance(order.delete(customer, LATER), OrderCancelled)
    assert (order.status, order.deleted_at, order.version) == (Status.CANCELLED, LATER, 3)
    assert [(change.to_status, change.reason) for change in order.changes] == [
        (Status.CANCELLED, None),
        (Status.CANCELLED, "deleted"),
    ]


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_final_order_is_deleted_once_and_nobody_need_be_told(status: Status) -> None:
    customer = a_customer()
    order = an_order_that_is(status, customer)
    assert order.delete(customer, LATER) is None
    assert (order.status, order.deleted_at, order.version) == (status, LATER, 2)
    assert order.delete(an_admin(), LATER) is None
    assert order.version == 2


@pytest.mark.parametrize("status", [Status.PAID, Status.SHIPPED])
def test_what_is_under_way_is_not_deleted(status: Status) -> None:
    order = an_order_that_is(status)
    with pytest.raises(OrderInProgress):
        order.delete(an_admin(), LATER)
    assert order.deleted_at is None


def test_who_sees_an_order() -> None:
    customer = a_customer()
    order = an_order(customer)
    assert order.is_visible_to(customer)
    assert order.is_visible_to(an_admin())
    assert not order.is_visible_to(a_customer())
    order.delete(customer, LATER)
    assert not order.is_visible_to(customer)
    assert order.is_visible_to(an_admin())
