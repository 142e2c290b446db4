"""Many events in one transaction: as many statements as one takes, and nobody in whose way the others are."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.database import Database
from libs.errors import DomainError
from libs.observability.context import TraceContext, trace_contexts
from libs.outbox.notifier import OutboxNotifier
from libs.process.ids import new_id
from libs.testing.statements import statements
from order_service.domain.gone import Gone
from order_service.domain.notices import Occasion
from order_service.domain.people import Person
from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.products import Line, Offer, Product
from order_service.domain.shortages import Shortage, StockAnswer
from order_service.gateways.letters import TemplateLetters
from order_service.repositories.unit_of_work import OrderUnitOfWork
from order_service.services.changing import cancel
from order_service.services.notifying import notify
from order_service.services.replicas import learn_users
from order_service.services.stock import take_answers
from order_service.tests.integration.shop import Caller, Json, Shop, ok
from order_service.tests.integration.test_races import assert_whole
from order_service.tests.things import HOLD

HELD, REJECTED = "order.reserved", "order.rejected"


@pytest.fixture
async def counted(database_url: str) -> AsyncIterator[Database]:
    """One after the other, whose statements can be counted."""
    transactions = Database(database_url, pool_size=1)
    yield transactions
    await transactions.aclose()


@pytest.fixture
async def uow(database_url: str, counted: Database) -> AsyncIterator[UnitOfWorkFactory]:
    notifier = OutboxNotifier(database_url)
    yield partial(OrderUnitOfWork, counted, notifier)
    await notifier.aclose()


def held(order: Json, version: int = 1) -> StockAnswer:
    return StockAnswer(UUID(order["id"]), version)


def short(order: Json, product: Product, version: int = 1) -> StockAnswer:
    return StockAnswer(UUID(order["id"]), version, (Shortage(product.id, 2, 1),))


def known(caller: Caller) -> Person:
    actor = caller.actor
    return Person(actor.user_id, actor.username, "ada@example.com", "user", is_active=True, version=1)


def occasion(order: Json, version: int = 1) -> Occasion:
    lines = tuple(
        Line(UUID(item["product_id"]), item["name"], Decimal(item["unit_price"]), item["quantity"])
        for item in order["items"]
    )
    return Occasion(UUID(order["id"]), version, Offer(lines, order["currency"]))


async def test_answers_of_every_kind_at_once(shop: Shop, customer: Caller) -> None:
    lamp, desk = await shop.product("Lamp"), await shop.product("Desk", "250.00")
    there, missing, late, amended = [await customer.place(lamp, desk) for _ in range(4)]
    ok(await customer.http.post(f"/order/{late['id']}/cancel"))
    ok(await customer.http.put(f"/update_order/{amended['id']}", json={"comment": "Ring twice."}))
    await take_answers(
        shop.uow,
        HOLD,
        StockAnswer(new_id(), 1),
        short(amended, lamp),
        held(late),
        short(missing, desk),
        held(amended, 2),
        held(there),
        short(amended, lamp, 2),
    )
    told = {}
    for order in (there, missing, late, amended):
        after = await assert_whole(shop, customer, order)
        assert (after["items"], after["total"]) == (order["items"], "539.98")
        told[order["id"]] = ((await shop.announced(order["id"]))[-1][1], after["version"], after["status_reason"])
    assert told == {
        there["id"]: (HELD, 2, None),
        missing["id"]: (REJECTED, 2, "Not enough in stock: Desk: 2 wanted, 1 available"),
        late["id"]: ("order.cancelled", 2, None),
        amended["id"]: (HELD, 3, None),
    }
    assert (await customer.read(amended))["comment"] == "Ring twice."


async def test_any_number_of_answers_is_as_many_statements(
    shop: Shop, customer: Caller, counted: Database, uow: UnitOfWorkFactory
) -> None:
    lamp = await shop.product()
    for number in (1, 30):
        orders = [await customer.place(lamp) for _ in range(number)]
        async with statements(counted) as seen:
            await take_answers(uow, HOLD, *map(held, orders))
        # The orders, their lines, their payments; what they are now, and the events that tell of it.
        assert len(seen) == 5, seen
        async with statements(counted) as seen:
            await take_answers(uow, HOLD, *map(held, orders))
        assert len(seen) == 3, seen
    async with statements(counted) as seen:
        await take_answers(uow, HOLD, StockAnswer(new_id(), 1))
    assert len(seen) == 1, seen


async def test_any_number_of_letters_is_as_many_statements(
    shop: Shop, customer: Caller, counted: Database, uow: UnitOfWorkFactory
) -> None:
    await learn_users(shop.uow, known(customer))
    lamp = await shop.product()
    for number in (1, 30):
        occasions = [occasion(await customer.place(lamp)) for _ in range(number)]
        async with statements(counted) as seen:
            await notify(uow, TemplateLetters(), *occasions, *occasions)
        # What there is to tell, and the letters.
        assert len(seen) == 2, seen
        async with statements(counted) as seen:
            await notify(uow, TemplateLetters(), *occasions)
        assert len(seen) == 1, seen


async def test_letters_of_every_kind_at_once(shop: Shop, customer: Caller, engine: AsyncEngine) -> None:
    gone = shop.caller()
    lamp = await shop.product()
    moved, cancelled, told = [await customer.place(lamp) for _ in range(3)]
    theirs = await gone.place(lamp)
    await learn_users(shop.uow, known(customer), Gone(gone.actor.user_id, 2))
    await notify(shop.uow, TemplateLetters(), occasion(told))
    await take_answers(shop.uow, HOLD, held(moved))
    ok(await customer.http.post(f"/order/{cancelled['id']}/cancel"))
    ids = [UUID(order["id"]) for order in (moved, cancelled, told, theirs)]
    trace_contexts.set({each: TraceContext("-", f"the trace of {each}") for each in ids})
    await notify(
        shop.uow,
        TemplateLetters(),
        occasion(moved, 2),
        occasion(told),
        occasion(cancelled, 2),
        occasion(theirs),
        occasion(moved, 7),
        replace(occasion(told), order_id=new_id()),
        occasion(cancelled),
    )
    trace_contexts.set({})
    statement = text("SELECT * FROM notifications WHERE order_id = ANY (:ids)").bindparams(
        bindparam("ids", type_=ARRAY(Uuid))
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(statement, {"ids": ids})).all()
    assert {(str(row.order_id), row.order_version): (row.order_status, row.delivery, row.subject) for row in rows} == {
        (moved["id"], 2): ("awaiting_payment", "waiting", "Please pay for your order"),
        (cancelled["id"], 1): ("pending", "waiting", "We have received your order"),
        (cancelled["id"], 2): ("cancelled", "waiting", "Your order is cancelled"),
        (told["id"], 1): ("pending", "waiting", "We have received your order"),
        (theirs["id"], 1): ("pending", "unaddressed", None),
    }
    for row in rows:
        assert (row.due_at is None, row.settled_at is None) == ((False, True) if row.subject else (True, False))
        if str(row.order_id) != told["id"]:
            assert row.traceparent == f"the trace of {row.order_id}"


async def test_of_each_order_its_own_lines_and_payment_are_read(shop: Shop, customer: Caller) -> None:
    lamp, desk = await shop.product(), await shop.product("Desk", "250.00")
    placed = [await customer.place(lamp), await customer.place(desk, lamp), await customer.place(desk)]
    await take_answers(shop.uow, HOLD, *map(held, placed))
    paid = placed[1:]
    for token in ("tok_declined", "tok_ok"):
        for order in paid:
            await customer.http.post(f"/order/{order['id']}/payment", json={"method": "card", "token": token})
    ids = [UUID(order["id"]) for order in placed]
    async with shop.uow() as work:
        found = await work.orders.all_for_change([*ids, new_id()])
    assert list(found) == sorted(ids)
    for order in placed:
        mine = found[UUID(order["id"])]
        assert [str(line.product_id) for line in mine.lines] == [line["product_id"] for line in order["items"]]
        assert str(mine.total) == order["total"]
        told = None if mine.payment is None else (mine.payment.order_id, mine.payment.status)
        assert told == ((mine.id, "succeeded") if order in paid else None)


async def test_where_one_of_many_was_not_locked_nothing_is_saved(shop: Shop, customer: Caller) -> None:
    lamp = await shop.product()
    orders = [await customer.place(lamp) for _ in range(3)]
    async with shop.uow() as work:
        before = await work.orders.all_for_change([UUID(order["id"]) for order in orders])
    await cancel(shop.uow, customer.actor, UUID(orders[1]["id"]))
    for order in before.values():
        order.cancel(customer.actor, order.updated_at)

    async def save() -> None:
        async with shop.uow() as work:
            await work.orders.save(*before.values())

    with pytest.raises(RuntimeError, match="without having been locked"):
        await save()
    assert [(await customer.read(order))["status"] for order in orders] == ["pending", "cancelled", "pending"]


async def test_batches_that_overlap_and_customers_in_between(shop: Shop, customer: Caller) -> None:
    """Each worker has the events in an order of its own, and what another has as well."""
    await learn_users(shop.uow, known(customer))
    lamp, letters = await shop.product(), TemplateLetters()
    for _ in range(10):
        orders = [await customer.place(lamp) for _ in range(20)]
        answers = [short(order, lamp) if number % 2 else held(order) for number, order in enumerate(orders)]

        async def cancelled(order: Json) -> None:
            try:
                await cancel(shop.uow, customer.actor, UUID(order["id"]))
            except DomainError:
                assert (await customer.read(order))["status"] == "rejected"

        workers = [take_answers(shop.uow, HOLD, *random.sample(answers, 15)) for _ in range(4)]
        # The letters look at the orders' rows, too.
        telling = [notify(shop.uow, letters, *map(occasion, random.sample(orders, 15))) for _ in range(4)]
        everything = [*workers, take_answers(shop.uow, HOLD, *reversed(answers)), *telling]
        everything += [notify(shop.uow, letters, *map(occasion, reversed(orders))), *map(cancelled, orders[::5])]
        random.shuffle(everything)
        await asyncio.gather(*everything)
        for number, order in enumerate(orders):
            after = await assert_whole(shop, customer, order)
            assert after["status"] in ("rejected" if number % 2 else "awaiting_payment", "cancelled")
            assert after["version"] <= 3
        async with shop.uow() as work:
            told = await work.notifications.news([(UUID(order["id"]), 1) for order in orders])
        assert [news.is_told for news in told.values()] == [True] * len(orders)
