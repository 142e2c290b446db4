"""Payments against whatever else happens to an order: one winner, and the books balance."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.database import Database
from libs.outbox.notifier import OutboxNotifier
from order_service.domain.ports import UnitOfWorkFactory
from order_service.gateways.mock_provider import MockProvider
from order_service.repositories.orders import SqlOrders
from order_service.repositories.payments import SqlPayments
from order_service.repositories.unit_of_work import OrderUnitOfWork
from order_service.services import order_timers
from order_service.services.order_timers import expire_unpaid, republish_pending
from order_service.services.reconcile_payments import PaymentReconciler
from order_service.tests.integration.shop import Caller, Json, Shop
from order_service.tests.integration.till import Till

ROUNDS = 100
PATIENCE = timedelta(minutes=1)
ANSWERS = {200, 201, 202, 402, 409}

Rival = Callable[[Till, Caller, Json], Awaitable[object]]


@pytest.fixture
def till(shop: Shop, engine: AsyncEngine, transactions: Database) -> Till:
    return Till(shop, engine, MockProvider(transactions))


async def test_ten_parallel_payments_capture_once(shop: Shop, till: Till, customer: Caller) -> None:
    lamp = await shop.product()
    for _ in range(10):
        order = await till.payable(customer, lamp)
        answers = await asyncio.gather(*(till.pay(customer, order) for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
        assert await till.book(order) == (1, 0, Decimal("39.98"))
        assert [type_ for _, type_, _ in await shop.announced(order["id"])].count("order.paid") == 1


async def cancel(_: Till, customer: Caller, order: Json) -> httpx.Response:
    return await customer.http.post(f"/order/{order['id']}/cancel")


async def expire(till: Till, _: Caller, order: Json) -> None:
    await till.make_overdue(order)
    await expire_unpaid(till.shop.uow)


async def amend(_: Till, customer: Caller, order: Json) -> httpx.Response:
    items = [{"product_id": order["items"][0]["product_id"], "quantity": 3}]
    return await customer.http.put(f"/update_order/{order['id']}", json={"items": items})


@pytest.mark.parametrize(
    ("rival", "otherwise"),
    [(cancel, {"cancelled", "refunded"}), (expire, {"expired"}), (amend, {"pending"})],
)
@pytest.mark.parametrize("token", ["tok_ok", "tok_unknown", "tok_declined"])
async def test_one_winner(
    shop: Shop, till: Till, customer: Caller, rival: Rival, otherwise: set[str], token: str
) -> None:
    lamp = await shop.product()
    for _ in range(ROUNDS // 3 + 1):
        order = await till.payable(customer, lamp)
        both: list[Awaitable[object]] = [till.pay(customer, order, token), rival(till, customer, order)]
        random.shuffle(both)
        answers = await asyncio.gather(*both)
        assert {answer.status_code for answer in answers if isinstance(answer, httpx.Response)} <= ANSWERS
        await till.settle(order)
        await till.settle(order)
        after = await customer.read(order)
        captured, refunded, kept = await till.book(order)
        assert after["status"] in {"paid", "awaiting_payment", *otherwise}
        if after["status"] == "paid":
            assert (captured, refunded, f"{kept:.2f}") == (1, 0, after["total"])
            assert after["total"] == order["total"]
        else:
            assert captured == refunded
            assert kept == 0
        history = await customer.history(order)
        assert [entry["version"] for entry in history] == list(range(1, after["version"] + 1))
        assert [entry["from"] for entry in history][1:] == [entry["to"] for entry in history][:-1]


async def test_several_settlers_at_once(shop: Shop, till: Till, customer: Caller) -> None:
    lamp = await shop.product()
    for _ in range(10):
        order = await till.payable(customer, lamp)
        await till.pay(customer, order, "tok_unknown")
        await asyncio.gather(*(till.settle(order) for _ in range(5)))
        assert await till.book(order) == (1, 0, Decimal("39.98"))
        await asyncio.gather(*(cancel(till, customer, order) for _ in range(3)))
        await asyncio.gather(*(till.settle(order) for _ in range(5)))
        assert await till.book(order) == (1, 1, 0)
        assert (await customer.read(order))["payment"]["status"] == "refunded"


async def test_a_payment_that_succeeds_late_is_the_one_that_is_refunded(
    shop: Shop, till: Till, customer: Caller
) -> None:
    """It was thought to have failed, and a newer one was declined since."""
    order = await till.payable(customer, await shop.product())
    assert (await till.pay(customer, order, "tok_error")).status_code == 503
    late = UUID((await customer.read(order))["payment"]["id"])
    assert (await till.pay(customer, order, "tok_declined")).status_code == 402
    await till.charge(late)
    await PaymentReconciler(shop.uow, till.provider).reconcile(late)
    paid = await customer.read(order)
    assert (paid["status"], paid["payment"]["id"], paid["payment"]["status"]) == ("paid", str(late), "succeeded")
    cancelled = (await cancel(till, customer, order)).json()
    assert (cancelled["payment"]["id"], cancelled["payment"]["status"]) == (str(late), "refunding")
    await till.settle(order)
    assert await till.book(order) == (1, 1, 0)
    refunded = await customer.read(order)
    assert (refunded["status"], refunded["payment"]["status"]) == ("refunded", "refunded")


async def test_what_is_being_paid_keeps_no_other_order_from_expiring(
    shop: Shop, till: Till, customer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp = await shop.product()
    paying, forgotten = [await till.payable(customer, lamp) for _ in range(2)]
    await till.pay(customer, paying, "tok_unknown")
    await till.make_overdue(paying, by=timedelta(days=2))
    await till.make_overdue(forgotten, by=timedelta(days=1))
    monkeypatch.setattr(order_timers, "BATCH_SIZE", 1)
    await expire_unpaid(shop.uow)
    assert (await customer.read(forgotten))["status"] == "expired"
    assert (await customer.read(paying))["status"] == "awaiting_payment"
    await till.settle(paying)


@asynccontextmanager
async def locked(engine: AsyncEngine, order: Json) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.execute(text("SELECT 1 FROM orders WHERE id = :id FOR UPDATE"), {"id": UUID(order["id"])})
        yield


@pytest.fixture
async def worker_uow(database_url: str) -> AsyncIterator[UnitOfWorkFactory]:
    """It does not wait for a lock for long, as a worker."""
    transactions, notifier = Database(database_url, pool_size=2, lock_timeout=0.1), OutboxNotifier(database_url)
    yield partial(OrderUnitOfWork, transactions, notifier)
    await notifier.aclose()
    await transactions.aclose()


async def test_an_order_that_somebody_has_locked_keeps_no_other_from_expiring(
    shop: Shop, till: Till, customer: Caller, engine: AsyncEngine, worker_uow: UnitOfWorkFactory
) -> None:
    lamp = await shop.product()
    busy, forgotten = [await till.payable(customer, lamp) for _ in range(2)]
    await till.make_overdue(busy, by=timedelta(days=2))
    await till.make_overdue(forgotten, by=timedelta(days=1))
    async with locked(engine, busy):
        await expire_unpaid(worker_uow)
        assert (await customer.read(forgotten))["status"] == "expired"
    assert (await customer.read(busy))["status"] == "awaiting_payment"
    await expire_unpaid(worker_uow)
    assert (await customer.read(busy))["status"] == "expired"


async def test_an_order_that_somebody_has_locked_keeps_no_other_from_being_settled(
    shop: Shop, till: Till, customer: Caller, engine: AsyncEngine, worker_uow: UnitOfWorkFactory
) -> None:
    lamp = await shop.product()
    busy, other = [await till.payable(customer, lamp) for _ in range(2)]
    settling = PaymentReconciler(worker_uow, till.provider)
    for order in (busy, other):
        await till.pay(customer, order, "tok_unknown")
    async with locked(engine, busy):
        await till.hurry(busy, by=timedelta(hours=1))
        await till.hurry(other)
        await settling.reconcile_due()
        assert (await customer.read(other))["status"] == "paid"
    assert (await customer.read(busy))["status"] == "awaiting_payment"
    await till.settle(busy)
    assert (await customer.read(busy))["status"] == "paid"


async def test_several_timers_expire_an_order_once(shop: Shop, till: Till, customer: Caller) -> None:
    lamp = await shop.product()
    orders = [await till.payable(customer, lamp) for _ in range(20)]
    for order in orders:
        await till.make_overdue(order)
    await asyncio.gather(*(expire_unpaid(shop.uow) for _ in range(4)))
    for order in orders:
        assert (await customer.read(order))["status"] == "expired"
        assert [type_ for _, type_, _ in await shop.announced(order["id"])].count("order.expired") == 1


class UndoneError(Exception):
    """Ends a transaction of which nothing shall stay."""


async def test_an_order_that_stays_unanswered_is_announced_ever_more_rarely(
    shop: Shop, customer: Caller, transactions: Database
) -> None:
    """Where catalog is away for a night, a mountain of events must not wait for it."""
    order = await customer.place(await shop.product())
    order_id, placed_at = UUID(order["id"]), datetime.fromisoformat(order["created_at"])
    waited = []
    with suppress(UndoneError):
        async with transactions.transaction() as transaction:
            orders = SqlOrders(transaction, SqlPayments(transaction))
            await transaction.execute(
                text("UPDATE orders SET announced_at = 'infinity' WHERE id <> :id"), {"id": order_id}
            )
            for seconds in range(0, 4 * 60 * 60, 10):
                now = placed_at + timedelta(seconds=seconds + 1)
                if await orders.unanswered(now - timedelta(seconds=30), now, 1):
                    waited.append(seconds)
            # Other tests' orders stay as they are.
            raise UndoneError
    assert waited[:4] == [30, 70, 150, 310]
    assert 20 <= len(waited) <= 30
    pauses = [later - earlier for earlier, later in pairwise(waited)]
    assert pauses == sorted(pauses)
    assert pauses[-1] <= 610


async def test_several_timers_announce_an_order_once(shop: Shop, till: Till, customer: Caller) -> None:
    order = await customer.place(await shop.product())
    await till.make_unanswered(order)

    async def find() -> Sequence[UUID]:
        now = datetime.now(UTC)
        async with shop.uow() as work:
            return await work.orders.unanswered(now - PATIENCE, now, 1000)

    found = await asyncio.gather(*(find() for _ in range(4)))
    assert [order_id for ids in found for order_id in ids].count(UUID(order["id"])) == 1


async def test_only_what_is_unanswered_is_announced_again(shop: Shop, till: Till, customer: Caller) -> None:
    order, answered = await customer.place(await shop.product()), await till.payable(customer, await shop.product())
    before = await shop.announced(order["id"])
    await till.make_unanswered(order)
    await till.make_unanswered(answered)
    assert await shop.announced(order["id"]) == []
    await republish_pending(shop.uow, PATIENCE)
    assert await shop.announced(order["id"]) == before
    assert await shop.announced(answered["id"]) == []
    assert len(await customer.history(order)) == 1
