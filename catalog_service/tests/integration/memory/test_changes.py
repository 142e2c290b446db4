"""Products change while two processes on one database answer from memory."""

import asyncio
from typing import Any

import asyncpg

from catalog_service.tests.integration.memory.process import Process, new_product
from libs.testing.wait import until

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


async def test_whoever_writes_it_is_heard(processes: tuple[Process, Process], database: asyncpg.Pool) -> None:
    """By hand, in many rows at once, or all of them."""
    one, _ = processes
    product = await new_product(one)
    for statement in (
        "UPDATE products SET description = 'by hand' WHERE id = $1",
        "UPDATE products SET description = 'all', price = price WHERE $1::uuid IS NOT NULL",
        COUNTED,
    ):
        before = await one.warm(product["id"])
        await database.execute(statement, product["id"])

        async def is_new(before: dict[str, Any] = before) -> bool:
            return bool((await one.see(product["id"])).json() != before)

        await until(is_new, timeout=2)


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
