"""From a message in RabbitMQ to the answer in RabbitMQ, through the worker as it runs."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import aio_pika
import asyncpg
import httpx
import pytest

from catalog_service.tests.integration.books import assert_right
from catalog_service.tests.integration.catalog import Catalog, Json, code
from catalog_service.tests.integration.people import Issuer
from catalog_service.worker import create_worker
from libs.broker import topology
from libs.contracts.auth import UserCreated, UserDeleted, UserUpdated
from libs.contracts.base import Event
from libs.contracts.orders import OrderItem, OrderPaid, OrderPlaced
from libs.contracts.topology import AUTH_EVENTS, ORDER_EVENTS, ORDER_STOCK, Exchange
from libs.process.ids import new_id
from libs.process.settings import WorkerSettings
from libs.testing.envelope import Envelope
from libs.testing.wait import until

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
async def worker(database_url: str, amqp_url: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_worker(WorkerSettings(database_url=database_url, amqp_url=amqp_url))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://worker") as client,
    ):
        await becomes_ready(client)
        yield client


@pytest.fixture(scope="module")
async def broker(worker: httpx.AsyncClient, amqp_url: str) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    del worker  # It declares what is used here, and others' workers bind it.
    await topology.bind(amqp_url)
    connection = await aio_pika.connect(amqp_url)
    async with connection, connection.channel() as channel:
        yield channel


async def becomes_ready(worker: httpx.AsyncClient) -> None:
    async def is_ready() -> bool:
        return (await worker.get("/health/ready")).is_success

    await until(is_ready, timeout=30)


async def publish(
    channel: aio_pika.abc.AbstractChannel, exchange: Exchange, *events: Event, request: str = "some-request"
) -> None:
    target = await channel.get_exchange(exchange.name, ensure=False)
    for event in events:
        body = Envelope(
            id=str(new_id()),
            source=event.source,
            type=event.type,
            subject=event.subject,
            time=NOW,
            sequence=event.sequence,
            correlation_id=request,
            data=event.model_dump(mode="json"),
        ).encode()
        await target.publish(aio_pika.Message(body, delivery_mode=2), event.type)


def user(
    kind: type[UserCreated | UserUpdated], user_id: UUID, version: int, role: str, *, active: bool = True
) -> Event:
    return kind.model_validate(
        {
            "id": user_id,
            "version": version,
            "email": "ada@example.com",
            "username": "ada",
            "role": role,
            "is_active": active,
            "created_at": NOW,
            "updated_at": NOW,
        }
    )


def order(kind: type[OrderPlaced | OrderPaid], order_id: UUID, version: int, product: Json, quantity: int) -> Event:
    item = OrderItem(
        product_id=UUID(product["id"]),
        name=product["name"],
        unit_price=Decimal(1),
        quantity=quantity,
        line_total=Decimal(quantity),
    )
    return kind(
        id=order_id,
        version=version,
        user_id=new_id(),
        status="pending" if kind is OrderPlaced else "paid",
        items=(item,),
        total=Decimal(quantity),
        currency="EUR",
    )


async def test_an_order_is_answered_and_paid(
    broker: aio_pika.abc.AbstractChannel, catalog: Catalog, database: asyncpg.Pool
) -> None:
    product = await catalog.product(stock=5)
    order_id = new_id()
    queue = await broker.get_queue(ORDER_STOCK.name, ensure=False)
    await publish(broker, ORDER_EVENTS, *[order(OrderPlaced, order_id, 1, product, 2)] * 3)

    async def answer() -> Envelope | None:
        message = await queue.get(fail=False, no_ack=True)
        found = None if message is None else Envelope.decode(message.body)
        return found if found is not None and found.subject == order_id else None

    told = await until(answer)
    assert told is not None
    assert (told.type, told.sequence, told.correlation_id) == ("stock.reserved", 1, "some-request")
    await publish(broker, ORDER_EVENTS, *[order(OrderPaid, order_id, 3, product, 2)] * 2)

    async def sold() -> bool:
        stock = await catalog.get(f"/product/{product['id']}/stock")
        return (stock["on_hand"], stock["reserved"]) == (3, 0)

    await until(sold)
    await assert_right(database)


async def test_orders_taken_together_are_answered_each_for_its_own_request(
    broker: aio_pika.abc.AbstractChannel, catalog: Catalog, database: asyncpg.Pool
) -> None:
    product = await catalog.product(stock=20)
    requests = {new_id(): f"request-{number}" for number in range(30)}
    queue = await broker.get_queue(ORDER_STOCK.name, ensure=False)
    async with database.acquire() as connection, connection.transaction():
        # Whoever comes first waits for this one, and meanwhile the others arrive.
        await connection.execute("SELECT FROM stock WHERE product_id = $1 FOR UPDATE", UUID(product["id"]))
        for order_id, request in requests.items():
            await publish(broker, ORDER_EVENTS, order(OrderPlaced, order_id, 1, product, 1), request=request)

    told: dict[UUID, Envelope] = {}

    async def all_are_answered() -> bool:
        while (message := await queue.get(fail=False, no_ack=True)) is not None:
            answer = Envelope.decode(message.body)
            told[answer.subject] = answer
        return told.keys() >= requests.keys()

    await until(all_are_answered)
    assert {order_id: told[order_id].correlation_id for order_id in requests} == requests
    # One queue, one reader: the first ones get what there is.
    kinds = [told[order_id].type for order_id in requests]
    assert kinds == ["stock.reserved"] * 20 + ["stock.rejected"] * 10
    transactions = await database.fetchval(
        "SELECT count(DISTINCT xmin::text) FROM reservations WHERE order_id = ANY($1)", list(requests)
    )
    assert transactions < 10
    await assert_right(database)


async def test_what_is_heard_of_a_user_outweighs_the_token(
    broker: aio_pika.abc.AbstractChannel, http: httpx.AsyncClient, issuer: Issuer
) -> None:
    user_id = new_id()
    admin = Catalog(http, issuer.token("admin", user_id))
    body = {"name": "", "price": 1}

    async def refused(status: int, what: str) -> None:
        async def seen() -> bool:
            return code(await admin.call("POST", "/product", json=body)) == (status, what)

        await until(seen)

    await refused(422, "validation_error")
    await publish(broker, AUTH_EVENTS, user(UserUpdated, user_id, 2, "user"), user(UserCreated, user_id, 1, "admin"))
    await refused(403, "forbidden")
    await publish(broker, AUTH_EVENTS, user(UserUpdated, user_id, 3, "admin"))
    await refused(422, "validation_error")
    await publish(broker, AUTH_EVENTS, user(UserUpdated, user_id, 4, "admin", active=False))
    await refused(401, "user_inactive")
    await publish(broker, AUTH_EVENTS, UserDeleted(id=user_id, version=6), user(UserUpdated, user_id, 5, "admin"))
    await asyncio.gather(*(refused(401, "user_inactive") for _ in range(3)))


async def test_until_its_replica_is_whole_again_the_worker_is_not_ready(
    worker: httpx.AsyncClient, database: asyncpg.Pool
) -> None:
    await becomes_ready(worker)
    await database.execute("INSERT INTO replica_rebuilds (queue, requested_by) VALUES ('catalog.users', 'ada')")
    response = await worker.get("/health/ready")
    await database.execute("DELETE FROM replica_rebuilds")
    assert (response.status_code, response.json()["checks"]["replicas"]) == (503, "failing: RebuildingError")
    await becomes_ready(worker)
