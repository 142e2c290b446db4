"""An order followed live, as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import line, make_product, place, reserved
from tests.integration.support.names import unknown_id
from tests.integration.support.problems import assert_problem, ok
from tests.integration.support.wait import PATIENCE, until


@asynccontextmanager
async def following(
    caller: ServiceClients, order: Json, after: int | None = None
) -> AsyncIterator[AsyncIterator[Json]]:
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    async with caller.order.stream("GET", f"/order/{order['id']}/events", headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].split(";")[0] == "text/event-stream"
        assert response.headers["x-request-id"]
        yield events(response)


async def events(response: httpx.Response) -> AsyncIterator[Json]:
    """The data of each event, as the HTML standard reads a stream."""
    fields: Json = {}
    async for text in response.aiter_lines():
        name, _, value = text.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            entry = json.loads(fields["data"])
            assert fields["id"] == str(entry["version"])
            assert fields["event"] == "change"
            yield entry
        if not text:
            fields = {}


async def rest(stream: AsyncIterator[Json]) -> list[Json]:
    async with asyncio.timeout(PATIENCE):
        return [entry async for entry in stream]


async def next_of(stream: AsyncIterator[Json]) -> Json:
    async with asyncio.timeout(PATIENCE):
        return await anext(stream)


async def history_of(caller: ServiceClients, order: Json) -> list[Json]:
    entries: list[Json] = ok(await caller.order.get(f"/order/{order['id']}/history", params={"limit": 100}))["items"]
    return sorted(entries, key=lambda entry: int(entry["version"]))


async def test_an_order_from_its_beginning_to_its_end(admin: ServiceClients, customer: Account) -> None:
    order = await place(customer.call, line(await make_product(admin, stock=5)))
    async with following(customer.call, order) as mine, following(admin, order) as admins:
        assert (await next_of(mine))["to"] == "pending"
        assert (await next_of(mine))["to"] == "awaiting_payment"
        ok(await customer.call.order.put(f"/update_order/{order['id']}", json={"comment": "Ring twice."}))
        assert (await next_of(mine))["to"] == "awaiting_payment"
        ok(await customer.call.order.post(f"/order/{order['id']}/cancel"))
        last = await rest(mine)
        history = await history_of(customer.call, order)
        assert last == history[3:]
        assert [entry["to"] for entry in last] == ["cancelled"]
        assert await rest(admins) == history


async def test_a_rejection_ends_it(admin: ServiceClients, customer: Account) -> None:
    order = await place(customer.call, line(await make_product(admin, stock=0)))
    async with following(customer.call, order) as stream:
        assert [entry["to"] for entry in await rest(stream)] == ["pending", "rejected"]


async def test_who_lost_the_connection_goes_on(admin: ServiceClients, customer: Account) -> None:
    order = await reserved(customer.call, line(await make_product(admin, stock=5)))
    async with following(customer.call, order) as stream:
        seen = await next_of(stream)
    ok(await customer.call.order.post(f"/order/{order['id']}/cancel"))
    history = await history_of(customer.call, order)
    async with following(customer.call, order, after=seen["version"]) as stream:
        assert [seen, *await rest(stream)] == history
    newest = str(history[-1]["version"])
    over = await customer.call.order.get(f"/order/{order['id']}/events", headers={"Last-Event-ID": newest})
    assert (over.status_code, over.content) == (204, b""), "the standard's way to say: do not come again"


async def test_many_follow_one_order(admin: ServiceClients, customer: Account) -> None:
    order = await place(customer.call, line(await make_product(admin, stock=5)))

    async def follow() -> list[Json]:
        async with following(customer.call, order) as stream:
            begun.append([await next_of(stream), await next_of(stream)])
            return await rest(stream)

    async def all_have_begun() -> bool:
        return len(begun) == 50

    async def cancel() -> None:
        await until(all_have_begun)
        ok(await customer.call.order.post(f"/order/{order['id']}/cancel"))

    begun: list[list[Json]] = []
    *told, _ = await asyncio.gather(*(follow() for _ in range(50)), cancel())
    assert told == [(await history_of(customer.call, order))[2:]] * 50


@pytest.mark.parametrize("given", ["", "x", "-1", "1.5", "0x1", "1" * 30, "999999999", "é"])
async def test_an_id_that_no_event_has(admin: ServiceClients, customer: Account, given: str) -> None:
    order = await place(customer.call, line(await make_product(admin, stock=5)))
    headers = [(b"Last-Event-ID", given.encode())]
    response = await customer.call.order.get(f"/order/{order['id']}/events", headers=headers)
    assert_problem(response, 422, "invalid_last_event_id")


async def test_anothers_order_is_not_followed(
    admin: ServiceClients, customer: Account, stranger: Account, nobody: ServiceClients
) -> None:
    order = await place(customer.call, line(await make_product(admin, stock=5)))
    path = f"/order/{order['id']}/events"
    assert_problem(await stranger.call.order.get(path), 404, "order_not_found")
    assert_problem(await stranger.call.order.get(path, headers={"Last-Event-ID": "1"}), 404, "order_not_found")
    assert_problem(await customer.call.order.get(f"/order/{unknown_id()}/events"), 404, "order_not_found")
    assert_problem(await nobody.order.get(path), 401, "not_authenticated")
