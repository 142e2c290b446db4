"""What must hold of the shop after every step, and what besides when it has come to rest."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from tests.model.factories import PRODUCTS, STOCK
from tests.model.system import ChargeSeen, OrderSeen, System

BOUGHT = {"paid", "shipped", "delivered"}
# Said once more: what the services themselves believe is what is judged.
FINAL = {"rejected", "cancelled", "expired", "refunded", "delivered"}


def now() -> datetime:
    return datetime.now(UTC)


async def assert_invariants(
    world: System, adjusted: Mapping[UUID, int], before: Mapping[UUID, OrderSeen]
) -> Mapping[UUID, OrderSeen]:
    """Given how stock was adjusted by hand and what the orders were a step ago. Gives what they are."""
    orders = await world.all_orders()
    await assert_books(world, orders, adjusted)
    assert_lives(orders, before)
    return orders


async def assert_books(world: System, orders: Mapping[UUID, OrderSeen], adjusted: Mapping[UUID, int]) -> None:
    """Nothing is oversold, and each unit and each charge is accounted for."""
    held: Counter[UUID] = Counter()
    sold: Counter[UUID] = Counter()
    reservations = await world.reservations()
    for reservation in reservations.values():
        if reservation.state == "held":
            held.update(reservation.lines)
        if reservation.state == "sold":
            sold.update(reservation.lines)
    stock = await world.stock()
    for product in PRODUCTS:
        on_hand, reserved = stock[product]
        assert 0 <= reserved <= on_hand
        assert on_hand == STOCK[product] + adjusted[product] - sold[product]
        assert reserved == held[product]

    for order_id, order in orders.items():
        if order.status in {*BOUGHT, "awaiting_payment"}:
            promised = reservations[order_id]
            assert promised.state == "held" or (promised.state == "sold" and order.status in BOUGHT)
            assert dict(promised.lines) == dict(order.lines)

    kept: Counter[UUID] = Counter()
    for charge in await world.captures():
        if _is_kept(charge):
            kept[charge.order_id] += 1
            assert charge.amount == orders[charge.order_id].total
    for order_id, order in orders.items():
        assert kept[order_id] <= 1, "charged twice"
        assert kept[order_id] == 1 or order.status not in BOUGHT
        assert kept[order_id] == 0 or order.status in {*BOUGHT, "awaiting_payment"}


def assert_lives(orders: Mapping[UUID, OrderSeen], before: Mapping[UUID, OrderSeen]) -> None:
    """Final is final, versions and histories only grow, and each step of a history begins where the last one ended."""
    for order_id, order in orders.items():
        assert [version for version, _, _ in order.steps] == list(range(1, order.version + 1))
        assert [start for _, start, _ in order.steps] == [None, *(end for _, _, end in order.steps[:-1])]
        assert order.steps[-1][2] == order.status
        earlier = before.get(order_id)
        if earlier is not None:
            assert order.steps[: earlier.version] == earlier.steps
            assert order.status == earlier.status or earlier.status not in FINAL
    assert before.keys() <= orders.keys()


async def is_at_rest(world: System) -> bool:
    unsettled = {"started", "refunding"} & {*await world.payments()}
    return not unsettled and all(order.status != "pending" for order in (await world.all_orders()).values())


async def assert_agreement(world: System) -> None:
    """The catalog holds, of each order, what its status demands; the provider has the money of what is bought."""
    assert await is_at_rest(world), "the shop does not come to rest"
    reservations = await world.reservations()
    kept = Counter(charge.order_id for charge in await world.captures() if not charge.is_refunded)
    for order_id, order in (await world.all_orders()).items():
        assert kept[order_id] == (order.status in BOUGHT)
        reservation = reservations.get(order_id)
        if order.status in {*BOUGHT, "awaiting_payment"}:
            assert reservation is not None
            demanded = "sold" if order.status in BOUGHT else "held"
            assert (reservation.state, dict(reservation.lines)) == (demanded, dict(order.lines))
        elif reservation is not None:
            assert reservation.state in ("released", "short")


def _is_kept(charge: ChargeSeen) -> bool:
    """Whether the money is meant to stay: it has not gone back, and is not on its way back."""
    return not charge.is_refunded and charge.payment_status != "refunding"
