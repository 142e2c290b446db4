"""What may be sent again, and what comes back then."""

import asyncio
import uuid

import httpx
import pytest

from tests.integration.support.clients import Account, ClientFactory, Json, ServiceClients
from tests.integration.support.factories import available, line, make_product, reserved, settled
from tests.integration.support.names import unique, unknown_id
from tests.integration.support.pages import walk
from tests.integration.support.problems import assert_problem, ok
from tests.integration.support.wait import until


async def post(caller: ServiceClients, path: str, body: object, key: str) -> httpx.Response:
    return await caller.order.post(path, json=body, headers={"Idempotency-Key": key})


async def pay(caller: ServiceClients, order: Json, token: str, key: str) -> httpx.Response:
    return await post(caller, f"/order/{order['id']}/payment", {"method": "card", "token": token}, key)


def replayed(response: httpx.Response) -> bool:
    given = response.headers.get("idempotency-replayed")
    assert given in {None, "true"}
    return given is not None


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


async def test_an_order_sent_twice_is_one(admin: ServiceClients, newcomer: Account, key: str) -> None:
    product = await make_product(admin, stock=5)
    body = {"items": [line(product, 2)], "comment": "Ring twice."}
    first = await post(newcomer.call, "/order", body, key)
    order = ok(first, 201)
    await settled(newcomer.call, order)
    for path in ("/order", "/order/"):
        again = await post(newcomer.call, path, body, key)
        assert (again.status_code, replayed(first), replayed(again)) == (201, False, True)
        assert again.content == first.content
        for header in ("location", "etag", "content-type"):
            assert again.headers[header] == first.headers[header]
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert [each["id"] for each in await walk(newcomer.call.order, "/orders")] == [order["id"]]
    assert await available(admin, product) == 3


async def test_without_a_key_each_order_is_a_new_one(admin: ServiceClients, newcomer: Account) -> None:
    body = {"items": [line(await make_product(admin, stock=5))]}
    orders = [ok(await newcomer.call.order.post("/order", json=body), 201) for _ in range(2)]
    assert orders[0]["id"] != orders[1]["id"]


async def test_a_key_is_of_one_request(admin: ServiceClients, newcomer: Account, key: str) -> None:
    product = await make_product(admin, stock=5)
    order = ok(await post(newcomer.call, "/order", {"items": [line(product)]}, key), 201)
    for path, body in (
        ("/order", {"items": [line(product, 2)]}),
        ("/order", {"items": [line(product)], "comment": "x"}),
        (f"/order/{order['id']}/payment", {"method": "card", "token": "tok_ok"}),
    ):
        assert_problem(await post(newcomer.call, path, body, key), 422, "idempotency_key_reused")
    assert len(await walk(newcomer.call.order, "/orders")) == 1


@pytest.mark.slow
async def test_of_twenty_at_once_one_is_done(admin: ServiceClients, newcomer: Account, key: str) -> None:
    product = await make_product(admin, stock=50)
    body = {"items": [line(product)]}
    answers = await asyncio.gather(*(post(newcomer.call, "/order", body, key) for _ in range(20)))
    placed = [answer for answer in answers if answer.status_code == 201]
    for other in answers:
        if other not in placed:
            problem = assert_problem(other, 409, "request_in_progress")
            assert int(other.headers["retry-after"]) > 0
            assert problem["instance"] == "/api/v1/order"
    assert len({answer.content for answer in placed}) == 1
    assert len([answer for answer in placed if not replayed(answer)]) == 1
    assert len(await walk(newcomer.call.order, "/orders")) == 1
    await settled(newcomer.call, ok(placed[0], 201))
    assert await available(admin, product) == 49


async def test_keys_belong_to_their_user(admin: ServiceClients, newcomer: Account, stranger: Account, key: str) -> None:
    product = await make_product(admin, stock=5)
    mine = await post(newcomer.call, "/order", {"items": [line(product)]}, key)
    theirs = await post(stranger.call, "/order", {"items": [line(product, 2)]}, key)
    assert ok(mine, 201)["user_id"] == newcomer.id
    assert ok(theirs, 201)["user_id"] == stranger.id


async def test_what_was_refused_may_be_sent_again(admin: ServiceClients, newcomer: Account, key: str) -> None:
    unknown = {"items": [{"product_id": unknown_id(), "quantity": 1}]}
    for _ in range(2):
        refusal = await post(newcomer.call, "/order", unknown, key)
        assert_problem(refusal, 404, "product_not_found")
        assert not replayed(refusal)
    assert_problem(await post(newcomer.call, "/order", {"items": "none"}, key), 422, "validation_error")
    assert_problem(await post(newcomer.call, "/order", {"itmes": []}, key), 422, "validation_error")
    ok(await post(newcomer.call, "/order", {"items": [line(await make_product(admin, stock=1))]}, key), 201)


@pytest.mark.parametrize(
    "name", ["x", "two words", '"quoted"', "~" * 255], ids=["short", "spaced", "quoted", "longest"]
)
async def test_what_is_a_key(admin: ServiceClients, newcomer: Account, name: str) -> None:
    body = {"items": [line(await make_product(admin, stock=5))]}
    first, second = [await post(newcomer.call, "/order", body, name) for _ in range(2)]
    assert (first.status_code, replayed(second)) == (201, True)


@pytest.mark.parametrize("name", [b"", b"x" * 256, b"caf\xc3\xa9", b"\xff", b"a\tb"])
async def test_what_is_no_key(admin: ServiceClients, customer: Account, name: bytes) -> None:
    body = {"items": [line(await make_product(admin, stock=5))]}
    response = await customer.call.order.post("/order", json=body, headers=[(b"Idempotency-Key", name)])
    problem = assert_problem(response, 422, "validation_error")
    assert [error["field"].lower() for error in problem["errors"]] == ["idempotency-key"]


async def test_nobody_has_no_key(nobody: ServiceClients, key: str) -> None:
    assert_problem(await post(nobody, "/order", {"items": []}, key), 401, "not_authenticated")


async def test_a_payment_sent_twice_is_one(admin: ServiceClients, newcomer: Account, key: str) -> None:
    order = await reserved(newcomer.call, line(await make_product(admin, stock=5)))
    first = await pay(newcomer.call, order, "tok_ok", key)
    again = await pay(newcomer.call, order, "tok_ok", key)
    assert ok(first, 201)["status"] == "succeeded"
    assert (again.status_code, again.content, replayed(first), replayed(again)) == (201, first.content, False, True)
    assert_problem(await pay(newcomer.call, order, "tok_ok", unique()), 409, "order_not_payable")


@pytest.mark.slow
async def test_ten_payments_at_once_are_one(admin: ServiceClients, newcomer: Account, key: str) -> None:
    order = await reserved(newcomer.call, line(await make_product(admin, stock=5)))
    answers = await asyncio.gather(*(pay(newcomer.call, order, "tok_slow", key) for _ in range(10)))
    paid = [answer for answer in answers if answer.status_code == 201]
    for other in answers:
        if other not in paid:
            assert_problem(other, 409, "request_in_progress")
    assert len({answer.content for answer in paid}) == 1
    assert replayed(await pay(newcomer.call, order, "tok_slow", key))


async def test_a_declined_payment_stays_declined(admin: ServiceClients, newcomer: Account, key: str) -> None:
    order = await reserved(newcomer.call, line(await make_product(admin, stock=5)))
    first = await pay(newcomer.call, order, "tok_declined", key)
    again = await pay(newcomer.call, order, "tok_declined", key)
    assert_problem(first, 402, "payment_declined")
    assert (again.status_code, again.content, replayed(again)) == (402, first.content, True)
    ok(await pay(newcomer.call, order, "tok_ok", unique()), 201)


async def test_a_payment_that_nothing_came_of_may_be_sent_again(
    admin: ServiceClients, newcomer: Account, key: str
) -> None:
    order = await reserved(newcomer.call, line(await make_product(admin, stock=5)))
    for _ in range(2):
        away = await pay(newcomer.call, order, "tok_error", key)
        assert_problem(away, 503, "payment_provider_unavailable")
        assert not replayed(away)
    ok(await pay(newcomer.call, order, "tok_ok", unique()), 201)


@pytest.mark.slow
async def test_an_unknown_outcome_becomes_known_under_its_key(
    admin: ServiceClients, newcomer: Account, key: str
) -> None:
    order = await reserved(newcomer.call, line(await make_product(admin, stock=5)))
    first = await pay(newcomer.call, order, "tok_unknown", key)
    started = ok(first, 202)

    async def look() -> httpx.Response:
        return await pay(newcomer.call, order, "tok_unknown", key)

    known = await until(look, lambda seen: seen.status_code == 201, patience=60)
    assert (known.json()["id"], known.json()["status"]) == (started["id"], "succeeded")
    again = await look()
    assert (again.content, replayed(again)) == (known.content, True)


async def test_what_is_no_creation_takes_no_key(admin: ServiceClients, newcomer: Account, key: str) -> None:
    order = await reserved(newcomer.call, line(await make_product(admin, stock=5)))
    for _ in range(2):
        cancelled = await newcomer.call.order.post(f"/order/{order['id']}/cancel", headers={"Idempotency-Key": key})
        assert (ok(cancelled)["status"], replayed(cancelled)) == ("cancelled", False)


async def test_it_is_documented_where_it_is_honoured(switchboard: ClientFactory) -> None:
    paths = ok(await switchboard.root("order").get("/openapi.json"))["paths"]
    honouring = {
        path
        for path, item in paths.items()
        for operation in item.values()
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    }
    assert honouring == {"/api/v1/order", "/api/v1/order/{order_id}/payment"}
    for path in honouring:
        answers = paths[path]["post"]["responses"]
        assert "Idempotency-Replayed" in answers["201"]["headers"]
        assert "request_in_progress" in answers["409"]["description"]
        assert "idempotency_key_reused" in answers["422"]["description"]
