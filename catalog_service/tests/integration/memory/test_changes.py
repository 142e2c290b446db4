"""Products change while two processes on one database answer from memory."""

import asyncio
from functools import partial
from uuid import UUID, uuid4

import asyncpg

from catalog_service.domain.reservation import OrderSnapshot
from catalog_service.repositories.cache_invalidation import ChangePublisher
from catalog_service.repositories.unit_of_work import CatalogUnitOfWork
from catalog_service.services.reserve_stock import reserve_stock_for_orders
from catalog_service.tests.integration.memory.process import Clock, Process, new_product
from libs.database.database import Database
from libs.outbox.notifier import OutboxNotifier
from libs.testing.wait import until

ORDER = uuid4()
# With its entry in the ledger: other tests look into the books of all products.
COUNTED = """
    WITH entry AS (
        INSERT INTO stock_ledger (product_id, version, delta, reason, actor_id, actor, at)
        SELECT product_id, version + 1, 1, 'by hand', gen_random_uuid(), 'some-admin', now()
        FROM stock WHERE product_id = $1
    )
    UPDATE stock SET on_hand = on_hand + 1, version = version + 1 WHERE product_id = $1
"""


async def test_whoever_changes_it_never_sees_an_older_version(processes: tuple[Process, Process]) -> None:
    one, other = processes
    product = await new_product(one)
    reference = product["id"]
    for price in range(20, 40):
        await asyncio.gather(*(each.see(reference) for each in processes for _ in range(3)))
        changed = await one.admin.put(f"/product/{reference}", json={"price": f"{price}.00"})
        assert changed.status_code == 200
        own = await one.see(reference)
        elsewhere = await other.admin.get(f"/products/{reference}")
        assert own.json()["price"] == elsewhere.json()["price"] == f"{price}.00"
        assert own.headers["etag"] == elsewhere.headers["etag"] == changed.headers["etag"]


async def test_others_hear_of_it(processes: tuple[Process, Process]) -> None:
    one, other = processes
    product = await new_product(one)
    for reference in (product["id"], product["slug"]):
        await other.warm(reference)
    await one.admin.post(f"/product/{product['id']}/stock", json={"delta": 3, "reason": "delivery"})
    for reference in (product["id"], product["slug"]):

        async def is_new(reference: str = reference) -> bool:
            return bool((await other.see(reference)).json()["available"] == 8)

        await until(is_new, timeout=2)


async def test_what_is_changed_by_hand_shows_within_a_second(
    processes: tuple[Process, Process], database: asyncpg.Pool, clock: Clock
) -> None:
    """In one row, in all of them, or in its stock."""
    one, _ = processes
    product = await new_product(one)
    clock.stop()
    for statement in (
        "UPDATE products SET description = 'by hand' WHERE id = $1",
        "UPDATE products SET description = 'all', price = price WHERE $1::uuid IS NOT NULL",
        COUNTED,
    ):
        before = await one.warm(product["id"])
        await database.execute(statement, product["id"])
        clock.pass_by(1.01)
        assert (await one.see(product["id"])).json() != before


async def test_forty_changes_on_one_are_seen_on_the_other(processes: tuple[Process, Process], clock: Clock) -> None:
    """At once, as far as anyone can tell who has heard that the change is done. No age does it: the clock stands."""
    one, other = processes
    product = await new_product(one)
    clock.stop()
    for number in range(40):
        await other.warm(product["id"])
        changed = await one.admin.put(f"/product/{product['id']}", json={"price": f"{number}.00"})
        assert changed.status_code == 200

        async def is_new(price: str = f"{number}.00") -> bool:
            return bool((await other.see(product["id"])).json()["price"] == price)

        await until(is_new, timeout=2)


async def test_stock_that_orders_take_is_told(
    processes: tuple[Process, Process], database_url: str, clock: Clock
) -> None:
    one, _ = processes
    product = await new_product(one)
    transactions, notifier = Database(database_url, pool_size=1), OutboxNotifier(database_url)
    uow = partial(CatalogUnitOfWork, transactions, notifier, ChangePublisher(transactions))
    clock.stop()
    for version, available in ((1, 3), (2, 2)):
        await one.warm(product["id"])
        lines = {UUID(product["id"]): 5 - available}
        await reserve_stock_for_orders(uow, OrderSnapshot(ORDER, version, "pending", lines))

        async def is_new(available: int = available) -> bool:
            return bool((await one.see(product["id"])).json()["available"] == available)

        await until(is_new, timeout=2)
    await notifier.aclose()
    await transactions.aclose()


async def test_what_is_deleted_or_hidden_is_gone(processes: tuple[Process, Process]) -> None:
    one, other = processes
    product, hidden = await new_product(one), await new_product(one)
    for each in (product, hidden):
        await one.warm(each["id"])
        await other.warm(each["slug"])
    assert (await one.admin.delete(f"/product/{product['id']}")).status_code == 204
    await one.admin.put(f"/product/{hidden['id']}", json={"is_active": False})
    assert [(await one.see(each["id"])).status_code for each in (product, hidden)] == [404, 404]
    # An admin sees what is hidden, and nobody sees it because of that.
    assert (await one.admin.get(f"/products/{hidden['id']}")).status_code == 200
    assert (await one.see(hidden["id"])).status_code == 404

    async def are_gone() -> bool:
        return [(await other.see(each["slug"])).status_code for each in (product, hidden)] == [404, 404]

    await until(are_gone, timeout=2)


async def test_readers_racing_with_writers_keep_nothing_old(processes: tuple[Process, Process]) -> None:
    one, other = processes
    product = await new_product(one)
    done = asyncio.Event()

    async def read(through: Process) -> None:
        while not done.is_set():
            await through.see(product["id"])
            # What comes from memory waits for nothing, and would let nobody else come forward.
            await asyncio.sleep(0)

    async def write() -> None:
        for number in range(40):
            through = processes[number % 2]
            await through.admin.put(f"/product/{product['id']}", json={"price": f"{number}.00"})
        done.set()

    await asyncio.gather(write(), *(read(each) for each in processes for _ in range(4)))
    for each in (one, other):

        async def is_newest(each: Process = each) -> bool:
            return bool((await each.see(product["id"])).json()["price"] == "39.00")

        await until(is_newest, timeout=2)
        assert (await each.warm(product["id"]))["price"] == "39.00"
