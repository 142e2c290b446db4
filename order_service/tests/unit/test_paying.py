import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from libs.errors import Unavailable
from libs.process.ids import new_id
from libs.tokens.principal import Forbidden
from order_service.domain.actor import Actor
from order_service.domain.events import OrderPaid, OrderRefunded
from order_service.domain.order import Order
from order_service.domain.payment import RETRY_CHARGE_WINDOW, Payment, PaymentStatus
from order_service.domain.provider import OutcomeUnknownError, ProviderCallback
from order_service.domain.status import Status
from order_service.exceptions import (
    OrderNotFound,
    PaymentDeclined,
    PaymentInProgress,
    PaymentProviderUnavailable,
)
from order_service.services import pay_order
from order_service.services.manage_order import cancel
from order_service.services.pay_order import PayOrder
from order_service.services.reconcile_payments import PaymentReconciler
from order_service.tests.things import a_customer, an_admin, an_order_that_is
from order_service.tests.unit.fakes import FakeProvider, FakeUnitOfWork


class Till:
    """A customer with an order that can be paid."""

    def __init__(self) -> None:
        self.customer = a_customer()
        order = an_order_that_is(Status.AWAITING_PAYMENT, self.customer)
        self.order_id = order.id
        self.work = FakeUnitOfWork(order)
        self.provider = FakeProvider()
        self.paying = PayOrder(self.work, self.provider)
        self.settling = PaymentReconciler(self.work, self.provider)
        self.payment_id = new_id()

    async def pay(self, actor: Actor | None = None) -> Payment:
        return await self.paying.pay(actor or self.customer, self.order_id, self.payment_id, "card", "tok")

    @property
    def order(self) -> Order:
        return self.work.orders.stored[self.order_id]

    @property
    def payment(self) -> Payment:
        return self.work.payments.stored[self.payment_id]

    def make_due(self, *, age: timedelta = timedelta(0)) -> None:
        self.payment.due_at = datetime.now(UTC)
        self.payment.created_at = datetime.now(UTC) - age


@pytest.fixture
def till() -> Till:
    return Till()


async def test_paying_charges_and_tells(till: Till) -> None:
    assert (await till.pay()).status is PaymentStatus.SUCCEEDED
    assert till.order.status is Status.PAID
    assert (till.provider.captures, till.work.facts) == (1, [OrderPaid(till.order)])


async def test_one_payment_id_charges_once(till: Till) -> None:
    first = await till.pay()
    assert (await till.pay()).provider_reference == first.provider_reference
    assert till.provider.captures == 1


async def test_a_decline_is_told_each_time_it_is_asked_for(till: Till) -> None:
    till.provider.declines = True
    for _ in range(2):
        with pytest.raises(PaymentDeclined):
            await till.pay()
    assert (till.order.status, till.work.facts) == (Status.AWAITING_PAYMENT, [])


async def test_a_provider_that_is_away_charges_nothing(till: Till) -> None:
    till.provider.fault = PaymentProviderUnavailable("away")
    with pytest.raises(PaymentProviderUnavailable):
        await till.pay()
    assert till.payment.status is PaymentStatus.FAILED
    till.provider.fault = None
    till.payment_id = new_id()
    assert (await till.pay()).status is PaymentStatus.SUCCEEDED


async def test_only_the_owner_pays(till: Till) -> None:
    with pytest.raises(Forbidden):
        await till.pay(an_admin())
    with pytest.raises(OrderNotFound):
        await till.pay(a_customer())
    assert till.provider.captures == 0


async def test_without_an_answer_nobody_else_can_pay_until_it_is_settled(till: Till) -> None:
    till.provider.fault = OutcomeUnknownError()
    assert (await till.pay()).is_open
    with pytest.raises(PaymentInProgress):
        await till.paying.pay(till.customer, till.order_id, new_id(), "card", "tok")
    with pytest.raises(PaymentInProgress):
        await cancel(till.work, till.customer, till.order_id)
    till.make_due()
    await till.settling.reconcile_due()
    assert till.payment.is_open
    assert till.payment.due_at is not None
    assert till.payment.due_at > datetime.now(UTC)
    till.provider.fault = None
    till.make_due()
    await till.settling.reconcile_due()
    assert (till.order.status, till.provider.captures) == (Status.PAID, 1)


async def test_a_provider_that_never_answers_is_not_waited_for(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pay_order, "CHARGE_TIMEOUT", 0.01)

    async def never(_: Payment) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(till.provider, "charge", never)
    assert (await till.pay()).is_open


async def test_a_payment_that_was_never_charged_is_carried_through(till: Till) -> None:
    """As after a crash between recording and charging."""
    till.provider.fault = OutcomeUnknownError()
    await till.pay()
    till.provider.fault = None
    till.make_due(age=RETRY_CHARGE_WINDOW / 2)
    await till.settling.reconcile_due()
    assert (till.order.status, till.provider.captures) == (Status.PAID, 1)


async def test_but_not_when_nobody_expects_it_any_more(till: Till) -> None:
    till.provider.fault = OutcomeUnknownError()
    await till.pay()
    till.provider.fault = None
    till.make_due(age=RETRY_CHARGE_WINDOW)
    await till.settling.reconcile_due()
    assert (till.order.status, till.payment.status) == (Status.AWAITING_PAYMENT, PaymentStatus.FAILED)
    assert till.provider.captures == 0


async def test_a_refund_is_tried_until_it_is_done(till: Till) -> None:
    await till.pay()
    await cancel(till.work, till.customer, till.order_id)
    assert till.order.status is Status.REFUNDED
    till.provider.fault = PaymentProviderUnavailable("away")
    await till.settling.reconcile_due()
    assert till.payment.status == "refunding"
    till.provider.fault = None
    till.make_due()
    await till.settling.reconcile_due()
    assert till.payment.status == "refunded"
    assert [type(fact) for fact in till.work.facts] == [OrderPaid, OrderRefunded]


async def test_a_message_has_the_provider_asked_and_only_once(till: Till) -> None:
    till.provider.fault = OutcomeUnknownError()
    await till.pay()
    message = ProviderCallback("m-1", till.payment_id)
    with pytest.raises(Unavailable):
        await till.settling.handle_callback(message)
    till.provider.fault = None
    await till.settling.handle_callback(message)
    assert till.order.status is Status.PAID
    till.provider.fault = OutcomeUnknownError()
    await till.settling.handle_callback(message)


async def test_messages_that_are_not_about_us_are_taken_and_forgotten(till: Till) -> None:
    await till.settling.handle_callback(ProviderCallback("m-1", None))
    await till.settling.handle_callback(ProviderCallback("m-2", new_id()))
    assert till.work.seen_messages.ids == {"m-1", "m-2"}
