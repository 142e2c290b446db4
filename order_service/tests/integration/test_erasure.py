"""What names a deleted user goes, in whatever order things happen; what bookkeeping needs stays."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from libs.database.database import Database
from libs.idempotency.route import HEADER
from libs.process.ids import new_id
from libs.testing.databases import empty
from order_service.domain.tombstone import Tombstone
from order_service.domain.user_replica import UserReplica
from order_service.notifications.email import Email, EmailStatus
from order_service.repositories import erasure
from order_service.repositories.erasure import erase_due
from order_service.services.replicas import apply_user_events
from order_service.tests.integration.shop import Caller, Json, Shop, ok
from order_service.tests.integration.webhooks.receiver import Receiver
from order_service.webhooks.delivery import WebhookEvent
from order_service.webhooks.service import fan_out

ADDRESS = "1 Quiet Lane, Oxford"
COMMENT = "Ring twice, I am Ada."
# As far from now as the clock of a test cannot get.
LATER = """
    UPDATE users SET erase_at = erase_at - interval '5 minutes', deleted_at = deleted_at - interval '5 minutes'
    WHERE erase_at IS NOT NULL
"""
# A request that was let in before the deletion arrived sees the user as they were.
BACK = """
    UPDATE users SET deleted_at = NULL, erase_at = NULL, username = 'ada', email = 'x', role = 'user', is_active = true
    WHERE id = :id
"""
GONE = """
    UPDATE users
    SET deleted_at = now() - interval '5 minutes', username = NULL, email = NULL, role = NULL, is_active = NULL,
        erase_at = now()
    WHERE id = :id
"""


@pytest.fixture(autouse=True, scope="module")
async def nobody_else(database_url: str) -> AsyncIterator[None]:
    await empty(database_url)
    yield
    await empty(database_url)


async def rows(shop: Shop, sql: str, **arguments: Any) -> list[Json]:
    async with shop.engine.begin() as connection:
        result = await connection.execute(text(sql), arguments)
        return [dict(row) for row in result.mappings()] if result.returns_rows else []


async def learn(shop: Shop, caller: Caller, *, version: int = 1) -> None:
    email = f"{caller.actor.user_id.hex}@example.com"
    await apply_user_events(
        shop.uow, UserReplica(caller.actor.user_id, "ada", email, "user", is_active=True, version=version)
    )


async def leave(shop: Shop, *callers: Caller) -> None:
    for caller in callers:
        await apply_user_events(shop.uow, Tombstone(caller.actor.user_id, 9))


async def order_of(shop: Shop, caller: Caller, **more: Any) -> Json:
    product = await shop.product()
    return await caller.place(product, delivery_address=ADDRESS, comment=COMMENT, **more)


async def cancel(caller: Caller, order: Json) -> Json:
    return ok(await caller.http.post(f"/order/{order['id']}/cancel"))


async def whole_database(shop: Shop, *words: str) -> dict[str, int]:
    """In which tables a word stands, and in how many rows."""
    found = {}
    for table in await rows(shop, "SELECT relname FROM pg_stat_user_tables"):
        like = " OR ".join(f"row::text LIKE '%{word}%'" for word in words)
        (row,) = await rows(shop, f"SELECT count(*) AS number FROM {table['relname']} AS row WHERE {like}")  # noqa: S608
        if row["number"]:
            found[table["relname"]] = row["number"]
    return found


async def test_a_final_order_keeps_what_bookkeeping_needs(
    shop: Shop, customer: Caller, admin: Caller, transactions: Database
) -> None:
    await learn(shop, customer)
    order = await cancel(customer, await order_of(shop, customer))
    await leave(shop, customer)
    await erase_due(transactions)
    after = await admin.read(order)
    assert (after["username"], after["delivery_address"], after["comment"]) == ("deleted user", None, None)
    for kept in ("id", "user_id", "status", "items", "total", "currency", "created_at"):
        assert after[kept] == order[kept]
    # Whoever has a copy of it learns that it has changed, and why.
    assert after["version"] == order["version"] + 1
    last = (await admin.history(order))[-1]
    assert (last["version"], last["actor"], last["reason"]) == (after["version"], "erasure", "personal data erased")
    assert await whole_database(shop, "Quiet Lane", "Ring twice", customer.actor.user_id.hex) == {}


async def test_no_event_of_an_order_names_anybody(shop: Shop, customer: Caller) -> None:
    order = await cancel(customer, await order_of(shop, customer))
    events = await shop.announced(order["id"])
    assert [type_ for _, type_, _ in events] == ["order.placed", "order.cancelled"]
    assert "Quiet" not in str(events)
    assert "Ring" not in str(events)
    assert customer.actor.username not in json.dumps([data for _, _, data in events]).replace("Desk", "")


async def test_an_open_order_keeps_its_address_until_it_is_final(
    shop: Shop, customer: Caller, admin: Caller, transactions: Database
) -> None:
    order = await order_of(shop, customer)
    await leave(shop, customer)
    await erase_due(transactions)
    assert (await admin.read(order))["delivery_address"] == ADDRESS
    await cancel(admin, order)
    await rows(shop, LATER)
    await erase_due(transactions)
    after = await admin.read(order)
    assert (after["username"], after["delivery_address"], after["comment"]) == ("deleted user", None, None)


async def test_an_open_order_is_looked_for_until_it_is_final(
    shop: Shop, customer: Caller, admin: Caller, transactions: Database
) -> None:
    order = await order_of(shop, customer)
    await leave(shop, customer)
    for _ in range(3):
        await erase_due(transactions)
        await rows(shop, LATER.replace("5 minutes", "13 hours"))
    await cancel(admin, order)
    await erase_due(transactions)
    assert (await admin.read(order))["delivery_address"] is None


async def test_an_order_placed_in_the_same_moment_is_found_later(
    shop: Shop, customer: Caller, admin: Caller, transactions: Database
) -> None:
    """Its request was let in before the deletion arrived, and commits after."""
    await leave(shop, customer)
    await erase_due(transactions)
    await rows(shop, BACK, id=customer.actor.user_id)
    order = await cancel(customer, await order_of(shop, customer))
    await rows(shop, GONE, id=customer.actor.user_id)
    await erase_due(transactions)
    assert (await admin.read(order))["username"] == "deleted user"


async def test_after_a_day_nobody_looks_any_more(shop: Shop, customer: Caller, transactions: Database) -> None:
    await leave(shop, customer)
    looks = 0
    looked_for = "SELECT erase_at FROM users WHERE id = :id AND erase_at IS NOT NULL"
    while await rows(shop, looked_for, id=customer.actor.user_id):
        await erase_due(transactions)
        await rows(shop, LATER.replace("5 minutes", "12 hours"))
        looks += 1
    assert 2 <= looks <= 3


async def test_a_deletion_that_comes_first_is_not_undone(shop: Shop, customer: Caller, transactions: Database) -> None:
    await leave(shop, customer)
    await learn(shop, customer, version=3)
    await erase_due(transactions)
    assert await whole_database(shop, customer.actor.user_id.hex) == {}


async def test_carts_and_stored_answers_go(shop: Shop, customer: Caller, transactions: Database) -> None:
    product = await shop.product()
    ok(await customer.http.post("/cart/items", json={"product_id": str(product.id), "quantity": 2}), 201)
    items = [{"product_id": str(product.id), "quantity": 1}]
    body = {"items": items, "delivery_address": ADDRESS}
    order = ok(await customer.http.post("/order", json=body, headers={HEADER: "a key"}), 201)
    await cancel(customer, order)
    other = shop.caller()
    ok(await other.http.post("/cart/items", json={"product_id": str(product.id), "quantity": 2}), 201)
    await leave(shop, customer)
    await erase_due(transactions)
    for table in ("carts", "cart_lines", "idempotency_keys"):
        found = await rows(shop, f"SELECT user_id FROM {table}")  # noqa: S608 - of constants.
        assert customer.actor.user_id not in [row["user_id"] for row in found]
    assert len(await rows(shop, "SELECT user_id FROM carts WHERE user_id = :id", id=other.actor.user_id)) == 1


async def claimed(shop: Shop, order: Json) -> Email:
    """The e-mail about its placing."""
    now = datetime.now(UTC)
    async with shop.uow() as work:
        while (email := await work.emails.claim(now, now + timedelta(hours=1))) is not None:
            if email.change.order_id == UUID(order["id"]):
                return email
    raise LookupError(order["id"])


async def test_emails_that_wait_are_sent_to_nobody(shop: Shop, customer: Caller, transactions: Database) -> None:
    await learn(shop, customer)
    order = await order_of(shop, customer)
    email = await claimed(shop, order)
    await leave(shop, customer)
    await erase_due(transactions)
    async with shop.uow() as work:
        # The worker that was just sending it comes back.
        await work.emails.settle(email, EmailStatus.SENT, None, datetime.now(UTC))
    (kept,) = await rows(shop, "SELECT * FROM emails WHERE order_id = :id", id=UUID(order["id"]))
    assert (kept["status"], kept["lines"], kept["currency"]) == ("unaddressed", None, None)


async def test_what_a_mail_server_said_of_an_address_goes(shop: Shop, customer: Caller, transactions: Database) -> None:
    await learn(shop, customer)
    order = await order_of(shop, customer)
    email = await claimed(shop, order)
    async with shop.uow() as work:
        reason = f"550 {email.address} is unknown"
        await work.emails.settle(email, EmailStatus.REFUSED, reason, datetime.now(UTC))
    await leave(shop, customer)
    await erase_due(transactions)
    assert await whole_database(shop, customer.actor.user_id.hex) == {}
    (kept,) = await rows(shop, "SELECT * FROM emails WHERE order_id = :id", id=UUID(order["id"]))
    assert (kept["status"], kept["reason"]) == ("refused", None)


def told_of(caller: Caller, type_: str = "user.updated", sequence: int = 2) -> WebhookEvent:
    body = json.dumps({"data": {"email": f"{caller.actor.user_id.hex}@example.com"}})
    return WebhookEvent(new_id(), type_, caller.actor.user_id, sequence, body if type_ != "user.deleted" else "{}")


async def test_webhooks_forget_what_they_told_and_are_told_nothing_more(
    shop: Shop, customer: Caller, admin: Caller, transactions: Database
) -> None:
    async with Receiver() as receiver:
        ok(await admin.http.post("/webhook", json={"url": receiver.url, "types": ["user.*"]}), 201)
        await fan_out(shop.uow, (told_of(customer), datetime.now(UTC)))
        await leave(shop, customer)
        await erase_due(transactions)
        assert await whole_database(shop, customer.actor.user_id.hex) == {}
        # One that was parked, and is put back much later; and the deletion itself.
        await fan_out(shop.uow, (told_of(customer), datetime.now(UTC)))
        await fan_out(shop.uow, (told_of(customer, "user.deleted", 9), datetime.now(UTC)))
        found = "SELECT type FROM webhook_events WHERE subject = :id"
        assert await rows(shop, found, id=customer.actor.user_id) == [{"type": "user.deleted"}]


async def test_two_at_once_erase_each_order_once(shop: Shop, admin: Caller, transactions: Database) -> None:
    people = [shop.caller() for _ in range(6)]
    orders = [await cancel(person, await order_of(shop, person)) for person in people]
    await leave(shop, *people)
    async with asyncio.timeout(20):
        await asyncio.gather(erase_due(transactions), erase_due(transactions))
    for order in orders:
        after = await admin.read(order)
        assert (after["version"], after["username"]) == (order["version"] + 1, "deleted user")


async def test_an_order_that_somebody_is_changing_holds_nobody_up(
    shop: Shop, customer: Caller, admin: Caller, transactions: Database
) -> None:
    order = await cancel(customer, await order_of(shop, customer))
    await leave(shop, customer)
    async with shop.uow() as work:
        await work.orders.for_change(UUID(order["id"]))
        async with asyncio.timeout(10):
            await erase_due(transactions)
    assert (await admin.read(order))["username"] == "ada"
    await rows(shop, LATER)
    await erase_due(transactions)
    assert (await admin.read(order))["username"] == "deleted user"


async def test_a_crash_in_the_middle_is_made_up_for(
    shop: Shop, customer: Caller, admin: Caller, monkeypatch: pytest.MonkeyPatch, transactions: Database
) -> None:
    order = await cancel(customer, await order_of(shop, customer))
    await leave(shop, customer)

    def die(_name: str) -> None:
        raise SystemError

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "failpoint", die)
        with pytest.raises(SystemError):
            await erase_due(transactions)
    assert (await admin.read(order))["version"] == order["version"]
    await erase_due(transactions)
    assert (await admin.read(order))["version"] == order["version"] + 1
