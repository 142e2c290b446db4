"""Replicas are compared with their owners, and brought back to them, while the shop is open."""

import asyncio
import json
import os
import sys
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from libs.process.ids import new_id
from libs.testing.wait import until
from tests.operating.conftest import Shop
from tests.operating.users import Users

DAMAGED = 10

Json = dict[str, Any]


@pytest.fixture
def people(shop: Shop) -> Users:
    return Users(shop.databases)


async def run(shop: Shop, *arguments: str) -> tuple[int, str]:
    """What a person runs, and what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ops", *arguments),
        env={**os.environ, **shop.addresses},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def verified(shop: Shop, *arguments: str) -> tuple[int, Json]:
    code, printed = await run(shop, "verify", "--json", *arguments)
    report: Json = json.loads(printed)
    return code, report


def found(report: Json, replica: str) -> Json:
    differences: Json = next(each["found"] for each in report["replicas"] if each["replica"] == replica)
    return differences


async def damage(shop: Shop, people: Users, ids: list[UUID]) -> None:
    """Ten of each kind, in order's replica."""
    kinds = [ids[start : start + DAMAGED] for start in range(0, 5 * DAMAGED, DAMAGED)]
    order = shop.databases["order"]
    await order.execute("UPDATE users SET role = 'admin' WHERE id = ANY($1::uuid[])", kinds[0])
    await order.execute("UPDATE users SET version = version + 5 WHERE id = ANY($1::uuid[])", kinds[1])
    await order.execute("DELETE FROM users WHERE id = ANY($1::uuid[])", kinds[2])
    await people.change(kinds[3], tell=False)
    await order.copy_records_to_table(
        "users",
        records=[(new_id(), "ghost", "user", True, 7, "ghost@example.com") for _ in kinds[4]],
        columns=("id", "username", "role", "is_active", "version", "email"),
    )


async def test_damage_is_found_and_repaired_while_users_change(shop: Shop, people: Users) -> None:
    ids = await people.make(500)
    await damage(shop, people, ids)
    untouched = ids[100:]
    done = asyncio.Event()

    async def change_users() -> None:
        for start in range(0, 400, 20):
            await people.change(untouched[start : start + 20])
            if start % 100 == 0:
                await people.delete(untouched[start : start + 5])
            if done.is_set():
                return

    # The same connection cannot also be asked meanwhile, but the command has its own.
    changing = asyncio.create_task(change_users())
    code, report = await verified(shop, "--patience", "10")
    assert code == 1
    expected = dict.fromkeys(("damaged", "ahead", "missing", "behind", "unknown to the owner"), DAMAGED)
    assert found(report, "order.users") == expected
    # What was not told is behind there as well, and nothing else.
    assert found(report, "catalog.users") == {"behind": DAMAGED}
    assert found(report, "order.products") == {}

    code, report = await verified(shop, "--repair", "--patience", "10", "--as", "ada")
    assert (code, report["is_clean"]) == (0, True)
    assert [each["left"] for each in report["replicas"]] == [[], [], [], []]
    done.set()
    await changing
    code, report = await verified(shop, "--patience", "10")
    assert (code, Counter(str(each["found"]) for each in report["replicas"])) == (0, {"{}": 4})
    ghosts = "SELECT count(*) FROM users WHERE deleted_at IS NULL AND username = 'ghost'"
    assert await shop.databases["order"].fetchval(ghosts) == 0
    asked = await shop.databases["auth"].fetch("SELECT requested_by, done_at FROM snapshot_requests")
    assert {row["requested_by"] for row in asked} == {"ada"}
    assert all(row["done_at"] for row in asked)


async def test_an_emptied_replica_is_rebuilt_while_users_come_and_go(shop: Shop, people: Users) -> None:
    ids = await people.make(700)
    await shop.databases["order"].execute("TRUNCATE users")
    await shop.databases["order"].execute(
        "INSERT INTO replica_rebuilds (queue, requested_by) VALUES ('order.users', 'bob')"
    )
    health = await shop.health("order")
    assert health.status_code == 503
    assert health.json()["checks"]["replicas"] != "ok"

    rebuilding = asyncio.create_task(run(shop, "replicas", "rebuild", "order.users"))
    for start in range(0, 400, 10):
        await people.change(ids[start : start + 10])
        await people.delete(ids[start : start + 3])
    code, printed = await rebuilding
    assert code == 0, printed
    code, report = await verified(shop, "--patience", "10")
    assert code == 0, report
    assert (await shop.health("order")).is_success
    tombstones = "SELECT count(*) FROM users WHERE deleted_at IS NOT NULL AND id = ANY($1::uuid[])"
    assert await shop.databases["order"].fetchval(tombstones, ids) == 120


async def test_programs_are_told_of_a_rebuild(shop: Shop, people: Users) -> None:
    ids = await people.make(20)
    await shop.databases["order"].execute("DELETE FROM users WHERE id = ANY($1::uuid[])", ids)
    code, printed = await run(shop, "replicas", "rebuild", "order.users", "--json")
    everybody = "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM deleted_users)"
    rows = await shop.databases["auth"].fetchval(everybody)
    assert (code, json.loads(printed)) == (0, {"replica": "order.users", "rows": rows, "found": {}, "left": []})


async def test_wrong_books_are_named(shop: Shop) -> None:
    product = new_id()
    catalog = shop.databases["catalog"]
    await catalog.execute(
        "INSERT INTO products (id, slug, name, sort_name, description, price, currency, attributes, image_urls, search,"
        " created_at, updated_at) VALUES ($1, 'lamp', 'Lamp', 'lamp', '', 1, 'EUR', '{}', '{}', '', now(), now())",
        product,
    )
    await catalog.execute("INSERT INTO stock (product_id, on_hand, reserved) VALUES ($1, 5, 2)", product)
    code, printed = await run(shop, "verify", "--patience", "0")
    assert code == 1
    assert "2 reserved, 0 held, 5 on hand" in printed
    assert "5 on hand, 0 in the ledger" in printed
    await catalog.execute("DELETE FROM stock")
    await catalog.execute("DELETE FROM products")


async def test_money_that_nothing_was_bought_with_is_named_whatever_the_amount(shop: Shop) -> None:
    order, database = new_id(), shop.databases["order"]
    await database.execute(
        "INSERT INTO orders (id, user_id, username, status, total, currency, version, created_at, updated_at,"
        " announced_at) VALUES ($1, $2, 'ada', 'cancelled', 10, 'EUR', 1, now(), now(), now())",
        *(order, new_id()),
    )
    await database.execute(
        "INSERT INTO payments (id, order_id, status, method, amount, currency, provider_reference, created_at,"
        " updated_at) VALUES ($1, $2, 'succeeded', 'card', 7, 'EUR', 'elsewhere', now(), now())",
        *(new_id(), order),
    )
    code, report = await verified(shop, "--patience", "0")
    await database.execute("DELETE FROM payments")
    await database.execute("DELETE FROM orders")
    (kept,) = (rule["broken"] for rule in report["rules"] if "keeps money" in rule["rule"])
    assert (code, kept) == (1, [f"{order}: cancelled, 1 payments of 7.00 in all, total 10.00"])


async def test_what_cannot_be_looked_at_is_said(shop: Shop) -> None:
    code, printed = await run(shop, "replicas", "rebuild", "order.socks")
    assert code == 3
    assert "order.users" in printed
    nobody = Shop({**shop.addresses, "AUTH_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, {}, {})
    code, printed = await run(nobody, "verify")
    assert code == 3
    assert "auth's database does not answer" in printed
    assert "Traceback" not in printed


async def test_a_worker_that_died_while_telling_is_followed(shop: Shop, people: Users) -> None:
    """What one has begun, any other goes on with, from where it stopped."""
    ids = sorted(await people.make(1_200))
    half = ids[600]
    await shop.databases["order"].execute("DELETE FROM users WHERE id = ANY($1::uuid[])", ids)
    await shop.databases["auth"].execute(
        "INSERT INTO snapshot_requests (queue, ids, cursor, published, requested_by)"
        " VALUES ('order.users', $1, $2, 601, 'x')",
        ids,
        half,
    )

    async def told() -> bool:
        there = "SELECT count(*) FROM users WHERE id = ANY($1::uuid[])"
        return bool(await shop.databases["order"].fetchval(there, ids) == 599)

    await until(told, timeout=60)
    assert (await verified(shop, "--repair", "--as", "ada"))[0] == 0
