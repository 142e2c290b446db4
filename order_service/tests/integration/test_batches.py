"""Many events in one transaction: as many statements as one takes, and nobody in whose way the others are."""

import asyncio
import random
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import ARRAY, Uuid, bindparam, text

from libs.database.database import Database
from libs.errors import DomainError
from libs.observability.context import TraceContext, trace_contexts
from libs.outbox.notifier import OutboxNotifier
from libs.process.ids import new_id
from libs.testing.statements import statements
from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.products import Product
from order_service.domain.stock_result import Shortage, StockResult
from order_service.domain.user_replica import UserReplica
from order_service.repositories.unit_of_work import OrderUnitOfWork
from order_service.services.apply_stock_results import apply_stock_results
from order_service.services.manage_order import cancel
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


def held(order: Json, version: int = 1) -> StockResult:
    return StockResult(UUID(order["id"]), version)


def short(order: Json, product: Product, version: int = 1) -> StockResult:
    return StockResult(UUID(order["id"]), version, (Shortage(product.id, 2, 1),))


def known(caller: Caller) -> UserReplica:
    actor = caller.actor
    return UserReplica(actor.user_id, actor.username, "ada@example.com", "user", is_active=True, version=1)


async def test_answers_of_every_kind_at_once(shop: Shop, customer: Caller) -> None:
    lamp, desk = await shop.product("Lamp"), await shop.product("Desk", "250.00")
    there, missing, late, amended = [await customer.place(lamp, desk) for _ in range(4)]
    ok(await customer.http.post(f"/order/{late['id']}/cancel"))
    ok(await customer.http.put(f"/update_order/{amended['id']}", json={"comment": "Ring twice."}))
    await apply_stock_results(
        shop.uow,
        HOLD,
        StockResult(new_id(), 1),
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
            await apply_stock_results(uow, HOLD, *map(held, orders))
        # The orders, their lines, their payments; what they are now, and the events that tell of it.
        assert len(seen) == 5, seen
        async with statements(counted) as seen:
            await apply_stock_results(uow, HOLD, *map(held, orders))
        assert len(seen) == 3, seen
    async with statements(counted) as seen:
        await apply_stock_results(uow, HOLD, StockResult(new_id(), 1))
    assert len(seen) == 1, seen


async def test_each_answer_of_many_has_its_email_with_its_own_trace(shop: Shop, customer: Caller) -> None:
    lamp, desk = await shop.product("Lamp"), await shop.product("Desk", "250.00")
    moved, missing, late = await customer.place(lamp), await customer.place(desk, lamp), await customer.place(lamp)
    ok(await customer.http.post(f"/order/{late['id']}/cancel"))
    ids = [UUID(order["id"]) for order in (moved, missing, late)]
    trace_contexts.set({each: TraceContext("-", f"the trace of {each}") for each in ids})
    await apply_stock_results(shop.uow, HOLD, held(moved), short(missing, desk), held(late), held(moved))
    trace_contexts.set({})
    statement = text("SELECT * FROM emails WHERE order_id = ANY (:ids) AND order_version > 1").bindparams(
        bindparam("ids", type_=ARRAY(Uuid))
    )
    async with shop.engine.connect() as connection:
        rows = (await connection.execute(statement, {"ids": ids})).all()
    assert {(str(row.order_id), row.order_version): [line[1] for line in row.lines] for row in rows} == {
        (moved["id"], 2): ["Lamp"],
        (missing["id"], 2): ["Desk", "Lamp"],
        (late["id"], 2): ["Lamp"],
    }
    for row in rows:
        assert (row.status, row.settled_at, row.due_at) == ("waiting", None, row.created_at)
        assert (row.traceparent == f"the trace of {row.order_id}") is (str(row.order_id) != late["id"])


async def test_of_each_order_its_own_lines_and_payment_are_read(shop: Shop, customer: Caller) -> None:
    lamp, desk = await shop.product(), await shop.product("Desk", "250.00")
    placed = [await customer.place(lamp), await customer.place(desk, lamp), await customer.place(desk)]
    await apply_stock_results(shop.uow, HOLD, *map(held, placed))
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
    lamp = await shop.product()
    for _ in range(10):
        orders = [await customer.place(lamp) for _ in range(20)]
        answers = [short(order, lamp) if number % 2 else held(order) for number, order in enumerate(orders)]

        async def cancelled(order: Json) -> None:
            try:
                await cancel(shop.uow, customer.actor, UUID(order["id"]))
            except DomainError:
                assert (await customer.read(order))["status"] == "rejected"

        workers = [apply_stock_results(shop.uow, HOLD, *random.sample(answers, 15)) for _ in range(4)]
        everything = [*workers, apply_stock_results(shop.uow, HOLD, *reversed(answers)), *map(cancelled, orders[::5])]
        random.shuffle(everything)
        await asyncio.gather(*everything)
        for number, order in enumerate(orders):
            after = await assert_whole(shop, customer, order)
            assert after["status"] in ("rejected" if number % 2 else "awaiting_payment", "cancelled")
            assert after["version"] <= 3
            assert await emails_of(shop, order) == list(range(1, after["version"] + 1))


async def emails_of(shop: Shop, order: Json) -> list[int]:
    """The versions that there are e-mails about."""
    statement = text("SELECT order_version FROM emails WHERE order_id = :id ORDER BY order_version")
    async with shop.engine.connect() as connection:
        return list(await connection.scalars(statement, {"id": UUID(order["id"])}))
