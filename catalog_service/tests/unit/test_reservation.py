"""Stock follows orders: any history, in any order, any number of times."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_service.domain.events import StockRejected, StockReserved, StockResult
from catalog_service.domain.reservation import OrderSnapshot, ReservationState, StockMissingError
from catalog_service.domain.stock import Stock
from catalog_service.domain.stock_allocation import Shortage
from catalog_service.services.reserve_stock import reserve_stock_for_orders
from catalog_service.tests.fakes import FakeUnitOfWork

ORDER = UUID(int=1)
A, B = UUID(int=10), UUID(int=11)


async def shop(**stock: int) -> FakeUnitOfWork:
    uow = FakeUnitOfWork()
    for product, on_hand in zip((A, B), stock.values(), strict=False):
        await uow.stocks.add(Stock(product, on_hand))
    return uow


def numbers(uow: FakeUnitOfWork, product: UUID = A) -> tuple[int, int]:
    return uow.stocks.rows[product].on_hand, uow.stocks.rows[product].reserved


async def test_what_is_there_is_held() -> None:
    uow = await shop(a=5, b=5)
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 1, "pending", {A: 2, B: 5}))
    assert uow.facts == [StockReserved(ORDER, 1)]
    assert (numbers(uow, A), numbers(uow, B)) == ((5, 2), (5, 5))


async def test_one_short_line_holds_nothing() -> None:
    uow = await shop(a=5, b=5)
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 1, "pending", {A: 2, B: 6}))
    assert uow.facts == [StockRejected(ORDER, 1, (Shortage(B, 6, 5),))]
    assert (numbers(uow, A), numbers(uow, B)) == ((5, 0), (5, 0))


async def test_what_is_not_for_sale_is_not_available() -> None:
    uow = await shop(a=5)
    uow.stocks.hidden.add(A)
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 1, "pending", {A: 2, B: 1}))
    assert uow.facts == [StockRejected(ORDER, 1, (Shortage(A, 2, 0), Shortage(B, 1, 0)))]


async def test_what_is_held_stays_held_when_it_is_no_longer_for_sale() -> None:
    uow = await shop(a=5)
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 1, "pending", {A: 2}))
    uow.stocks.hidden.add(A)
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 2, "pending", {A: 1}))
    assert numbers(uow) == (5, 1)
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 4, "paid", {A: 1}))
    assert numbers(uow) == (4, 0)


@pytest.mark.parametrize(
    ("statuses", "after"),
    [
        (["pending", "awaiting_payment", "paid"], (3, 0)),
        (["pending", "awaiting_payment", "paid", "shipped", "delivered"], (3, 0)),
        (["pending", "awaiting_payment", "paid", "refunded"], (5, 0)),
        (["pending", "cancelled"], (5, 0)),
        (["pending", "awaiting_payment", "expired"], (5, 0)),
        (["pending", "awaiting_payment"], (5, 2)),
    ],
)
@given(drawn=st.data())
async def test_the_last_version_decides(statuses: list[str], after: tuple[int, int], drawn: st.DataObject) -> None:
    """Whatever is lost, comes late or twice: only the newest version has to arrive."""
    story = [OrderSnapshot(ORDER, number + 1, status, {A: 2}) for number, status in enumerate(statuses)]
    heard = drawn.draw(st.permutations([*drawn.draw(st.lists(st.sampled_from(story), max_size=12)), story[-1]]))
    uow = await shop(a=5)
    while heard:
        together = drawn.draw(st.integers(1, len(heard)))
        await reserve_stock_for_orders(uow, *heard[:together])
        del heard[:together]
    assert numbers(uow) == after
    assert uow.reservations.rows[ORDER].order_version == len(statuses)


some_orders = st.builds(
    OrderSnapshot,
    id=st.integers(1, 6).map(lambda number: UUID(int=number)),
    version=st.integers(1, 3),
    status=st.sampled_from(["pending", "awaiting_payment", "cancelled", "refunded"]),
    lines=st.dictionaries(st.sampled_from([A, B]), st.integers(1, 3), min_size=1),
)


@given(
    before=st.lists(some_orders.filter(lambda order: order.status != "awaiting_payment"), max_size=6),
    heard=st.lists(some_orders, max_size=6, unique_by=lambda order: order.id),
)
async def test_orders_together_are_followed_like_one_after_the_other(
    before: list[OrderSnapshot], heard: list[OrderSnapshot]
) -> None:
    together, alone = await shop(a=4, b=4), await shop(a=4, b=4)
    for uow in (together, alone):
        await reserve_stock_for_orders(uow, *before)
    try:
        for order in heard:
            await reserve_stock_for_orders(alone, order)
    except StockMissingError:
        with pytest.raises(StockMissingError):
            await reserve_stock_for_orders(together, *heard)
        return
    await reserve_stock_for_orders(together, *heard)
    assert (numbers(together, A), numbers(together, B)) == (numbers(alone, A), numbers(alone, B))
    assert together.reservations.rows == alone.reservations.rows
    assert together.facts == alone.facts


async def test_whoever_comes_first_gets_what_is_there() -> None:
    uow = await shop(a=5)
    wanted = {1: 2, 2: 2, 3: 2, 4: 1}
    await reserve_stock_for_orders(
        uow, *(OrderSnapshot(UUID(int=number), 1, "pending", {A: units}) for number, units in wanted.items())
    )
    assert uow.facts == [
        StockReserved(UUID(int=1), 1),
        StockReserved(UUID(int=2), 1),
        StockRejected(UUID(int=3), 1, (Shortage(A, 2, 1),)),
        StockReserved(UUID(int=4), 1),
    ]
    assert numbers(uow) == (5, 5)


@pytest.mark.parametrize(
    ("giving_back_first", "after"), [(True, ReservationState.HELD), (False, ReservationState.SHORT)]
)
async def test_what_is_given_back_is_there_for_those_who_come_later(
    giving_back_first: bool, after: ReservationState
) -> None:
    uow = await shop(a=1)
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 1, "pending", {A: 1}))
    heard = [OrderSnapshot(ORDER, 2, "cancelled", {A: 1}), OrderSnapshot(UUID(int=2), 1, "pending", {A: 1})]
    await reserve_stock_for_orders(uow, *(heard if giving_back_first else reversed(heard)))
    assert uow.reservations.rows[UUID(int=2)].state is after


async def test_of_one_order_only_the_newest_version_is_followed_and_answered() -> None:
    uow = await shop(a=5)
    asked, amended = OrderSnapshot(ORDER, 1, "pending", {A: 5}), OrderSnapshot(ORDER, 2, "pending", {A: 2})
    await reserve_stock_for_orders(uow, asked, amended, amended, asked)
    assert uow.facts == [StockReserved(ORDER, 2)]
    assert numbers(uow) == (5, 2)


async def test_an_older_version_is_not_answered() -> None:
    uow = await shop(a=5)
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 2, "cancelled", {A: 2}))
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 1, "pending", {A: 2}))
    assert uow.facts == []
    assert numbers(uow) == (5, 0)


async def test_asking_again_changes_nothing_and_is_answered_alike() -> None:
    uow = await shop(a=1)
    answers: list[StockResult] = [StockRejected(ORDER, 1, (Shortage(A, 2, 1),))] * 2
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 1, "pending", {A: 2}))
    uow.stocks.rows[A].on_hand = 9
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 1, "pending", {A: 2}))
    assert uow.facts == answers
    assert numbers(uow) == (9, 0)
    assert uow.reservations.rows[ORDER].state is ReservationState.SHORT


async def test_an_order_that_wants_more_counts_what_it_has() -> None:
    uow = await shop(a=5)
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 1, "pending", {A: 4}))
    await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 2, "pending", {A: 6}))
    assert uow.facts[-1] == StockRejected(ORDER, 2, (Shortage(A, 6, 5),))
    assert numbers(uow) == (5, 0)


async def test_a_promise_that_cannot_be_kept_is_for_a_person() -> None:
    uow = await shop(a=1)
    with pytest.raises(StockMissingError):
        await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, 3, "paid", {A: 2}))
