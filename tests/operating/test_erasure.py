"""After a deletion nothing names the user any more, and `./shop verify --user` shows it."""

import json
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import aio_pika
import pytest

from auth_service import worker
from libs.contracts.topology import ORDER_USERS
from libs.process.ids import new_id
from libs.testing.wait import until
from tests.operating.conftest import Shop
from tests.operating.test_verify import Json, run
from tests.operating.users import TELL, Users

ORDER = """
    INSERT INTO orders (id, user_id, username, status, total, currency, delivery_address, comment, version, created_at,
                        updated_at, announced_at)
    VALUES ($1, $2, 'ada', $3, 10, 'EUR', '1 Quiet Lane', 'Ring twice', 1, now(), now(), now())
"""
HISTORY = "INSERT INTO order_history (order_id, version, at, actor, to_status) VALUES ($1, 1, now(), 'user:' || $2, $3)"
EMAIL = """
    INSERT INTO emails (order_id, order_version, status, currency, lines, created_at, due_at)
    VALUES ($1, 1, 'waiting', 'EUR', '[]', now(), now() + interval '1 day')
"""
CART = "INSERT INTO carts (user_id, version, updated_at) VALUES ($1, 1, now())"
ANSWER = """
    INSERT INTO idempotency_keys
        (user_id, key, fingerprint, resource_id, outcome_unknown, created_at, status, headers, body)
    VALUES ($1, 'key', '', $2, false, now(), 201, '{}', '1 Quiet Lane')
"""
PRODUCT = """
    INSERT INTO products (id, slug, name, sort_name, description, price, currency, attributes, image_urls, search,
                          created_at, updated_at)
    VALUES ($1, 'lamp', 'Lamp', 'lamp', '', 1, 'EUR', '{}', '{}', '', now(), now())
"""
LEDGER = """
    INSERT INTO stock_ledger (product_id, version, delta, reason, actor_id, actor, at)
    VALUES ($1, 1, 5, 'found', $2, 'ada', now())
"""
NAMED = frozenset(
    {
        "auth: users",
        "auth: events sent",
        "catalog: users",
        "catalog: stock ledger",
        "order: users",
        "order: final orders",
        "order: open orders",
        "order: e-mails",
        "order: carts",
        "order: stored answers",
        "RabbitMQ: order.users.parked",
        "RabbitMQ: shop.trace",
    }
)


@pytest.fixture(scope="module", autouse=True)
def hurry() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "FORGET_MESSAGES_EVERY", 1.0)
        yield


@pytest.fixture
async def ada(shop: Shop) -> AsyncIterator[UUID]:
    """Somebody whom every place knows."""
    people = Users(shop.databases)
    (user_id,) = await people.make(1)
    await shop.databases["auth"].execute(TELL, [user_id])
    orders = {status: new_id() for status in ("paid", "delivered")}
    order = shop.databases["order"]
    for status, order_id in orders.items():
        await order.execute(ORDER, order_id, user_id, status)
        await order.execute(HISTORY, order_id, str(user_id), status)
    await order.execute(EMAIL, orders["paid"])
    await order.execute(CART, user_id)
    await order.execute(ANSWER, user_id, orders["paid"])
    catalog, product = shop.databases["catalog"], new_id()
    await catalog.execute(PRODUCT, product)
    await catalog.execute("INSERT INTO stock (product_id, on_hand, reserved) VALUES ($1, 5, 0)", product)
    await catalog.execute(LEDGER, product, user_id)
    async with await aio_pika.connect(shop.addresses["AMQP_URL"]) as connection:
        body = json.dumps({"subject": str(user_id), "data": {"email": "ada@example.com"}}).encode()
        channel = await connection.channel()
        await channel.default_exchange.publish(aio_pika.Message(body, delivery_mode=2), ORDER_USERS.parked)
    yield user_id
    await order.execute("TRUNCATE orders CASCADE")
    await catalog.execute("TRUNCATE stock, products CASCADE")


async def looked_for(shop: Shop, user_id: UUID) -> tuple[int, dict[str, Json]]:
    code, printed = await run(shop, "verify", "--user", str(user_id), "--json")
    assert code in (0, 1), printed
    return code, {place["place"]: place for place in json.loads(printed)["places"]}


def naming(places: dict[str, Json]) -> set[str]:
    return {name for name, place in places.items() if place["found"]}


async def test_a_deleted_user_is_named_nowhere(shop: Shop, ada: UUID) -> None:
    async def is_told_of() -> bool:
        return naming((await looked_for(shop, ada))[1]) == NAMED

    await until(is_told_of, timeout=60, every=1)
    assert (await looked_for(shop, ada))[0] == 1

    await Users(shop.databases).delete([ada])

    async def only_one_order_does() -> bool:
        return naming((await looked_for(shop, ada))[1]) == {"order: open orders"}

    # It cannot be delivered without an address.
    await until(only_one_order_does, timeout=90, every=1)
    order = shop.databases["order"]
    await order.execute("UPDATE orders SET status = 'delivered' WHERE user_id = $1", ada)
    await order.execute("UPDATE users SET erase_at = now() WHERE id = $1", ada)

    async def nothing_does() -> dict[str, Json] | None:
        code, places = await looked_for(shop, ada)
        return places if code == 0 else None

    places = await until(nothing_does, timeout=60, every=1)
    assert naming(places) == set()
    # What is kept was looked at, and tells of somebody without a name.
    for kept, rows in {
        "auth: deleted users": 1,
        "auth: events sent": 1,
        "catalog: users": 1,
        "catalog: stock ledger": 1,
        "order: users": 1,
        "order: final orders": 2,
        "order: histories": 4,
        "order: e-mails": 1,
    }.items():
        assert places[kept]["looked_at"] == rows, kept
    assert len(places) > 30


async def test_people_are_shown_a_table_and_told_what_is_wrong(shop: Shop) -> None:
    code, printed = await run(shop, "verify", "--user", str(new_id()))
    assert code == 0
    assert "RabbitMQ: shop.trace" in printed
    assert (await run(shop, "verify", "--user", "ada"))[0] == 2
    assert (await run(shop, "verify", "--user", str(new_id()), "--repair"))[0] == 2
    nobody = Shop({**shop.addresses, "ORDER_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, {}, {})
    code, printed = await run(nobody, "verify", "--user", str(new_id()))
    assert (code, "Traceback" in printed) == (3, False)
