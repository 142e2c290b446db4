"""What the whole shop has logged: enough to follow anything, and nothing that anybody must not know."""

import json
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import aio_pika
import pytest

from libs.contracts.topology import CATALOG_USERS, ORDER_STOCK, ORDER_USERS, ORDER_WEBHOOKS
from libs.process.ids import new_id
from libs.testing.ports import free_port
from libs.testing.wait import until
from order_service.gateways.mock_callbacks import HEADER
from order_service.gateways.signatures import Signatures
from tests.observing.shop import ADMIN_EMAIL, ADMIN_PASSWORD, PATIENCE, Json, Person, Shop, answer

pytestmark = pytest.mark.xdist_group("observing")

JSON = {"Content-Type": "application/json"}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def lines(shop: Shop) -> Iterator[Json]:
    """Those of the processes' own files; what they print is the same and more."""
    for file in shop.logs.glob("*-*.log"):
        for line in file.read_text().splitlines():
            yield {**json.loads(line), "process": file.name.partition(".")[0]}


async def test_a_purchase_leaves_a_line_for_each_request_and_each_event(shop: Shop) -> None:
    ada, admin = await shop.person(), await shop.admin()
    product = await shop.product(admin)
    story = f"story-{new_id()}"
    order = await shop.buy(ada, product, **{"X-Request-ID": story, "traceparent": TRACEPARENT})

    def deliveries() -> list[Json]:
        return [line for line in lines(shop) if line["request_id"] == story and line["event"] == "handled"]

    def handled() -> dict[tuple[str, str], Json]:
        return {(line["queue"], line["type"]): line for line in deliveries()}

    expected = {
        ("catalog.orders", "order.placed"),
        ("order.stock", "stock.reserved"),
        ("catalog.orders", "order.paid"),
    }
    await until(lambda: handled().keys() >= expected)
    # These three, and what webhooks get that another test may have made.
    assert len([line for line in deliveries() if line["queue"] != ORDER_WEBHOOKS.name]) == 3
    for line in handled().values():
        assert line["trace_id"] == TRACE
        assert line["outcome"] == "done"
        assert line["event_id"]
        assert line["ms"] >= 0
    assert handled()["catalog.orders", "order.placed"]["user_id"] == ada.id
    # It may have asked catalog about the product meanwhile.
    ours = [line for line in lines(shop) if line["process"] == "order-api" and line["request_id"] == story]
    requests = [line for line in ours if line["event"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in requests] == [
        ("POST", "/api/v1/order", 201),
        ("POST", f"/api/v1/order/{order['id']}/payment", 201),
    ]
    assert {line["user_id"] for line in requests} == {ada.id}
    assert {line["trace_id"] for line in requests} == {TRACE}


async def test_nothing_secret_is_logged_whatever_happens(shop: Shop) -> None:
    """Requests that are right, wrong and broken; events that are right, unreadable and fail; a mail that is refused."""
    ada, admin = await shop.person(), await shop.admin()
    product = await shop.product(admin)
    await shop.buy(ada, product)
    card, path = f"tok_{new_id().hex}", f"known-to-its-owner-{new_id().hex}"
    hook = f"https://hook:{new_id().hex}@receiver.example.com/"
    told = await _give_away(shop, ada, admin, hook, path)
    await _go_wrong(shop, ada, admin, card)
    await _tell_nonsense(shop, ada)

    written = "".join(file.read_text(errors="replace") for file in shop.logs.iterdir())
    secrets = {
        "an address": ada.email,
        "the admin's address": ADMIN_EMAIL,
        "a password": ada.password,
        "the admin's password": ADMIN_PASSWORD,
        "a token": ada.token,
        "a token's signature": ada.token.rpartition(".")[2],
        "the admin's token": admin.token,
        "a refresh token": ada.refresh_token,
        "what came in its place": told["refresh_token"],
        "a username": ada.username,
        "whose an address is": ada.email.partition("@")[0],
        "a card": card,
        "the path of a receiver": path,
        "what a webhook is signed with": told["secret"],
        "a login in a URL": (urlsplit(hook).password or ""),
        "what the provider signs with": shop.payment_webhook_secret,
        "a password of the database": urlsplit(shop.databases["auth"]).password or "",
    }
    assert [what for what, secret in secrets.items() if not secret] == []
    found = {what: line for line in written.splitlines() for what, secret in secrets.items() if secret in line}
    assert found == {}


async def _give_away(shop: Shop, ada: Person, admin: Person, hook: str, path: str) -> Json:
    """What the shop tells those who ask for it, and whom else it calls."""
    auth, order = shop.url("auth"), shop.url("order")
    tokens = {"refresh_token": ada.refresh_token}
    fresh = answer(await ada.client.post(f"{auth}/auth/refresh", json=tokens))
    answer(await ada.client.post(f"{auth}/auth/refresh", json=tokens), 401)
    answer(await admin.client.get(f"{auth}/users", params={"q": ada.username}))
    webhook = {"url": hook, "types": ["order.*"], "description": ada.email}
    answer(await admin.client.post(f"{order}/webhook", json=webhook), 422)
    # Nobody is there, which is told when an order is made.
    webhook["url"] = f"http://127.0.0.1:{free_port()}/{path}"
    registered = answer(await admin.client.post(f"{order}/webhook", json=webhook), 201)
    return {"refresh_token": fresh["refresh_token"], "secret": registered["secret"]}


async def _go_wrong(shop: Shop, ada: Person, admin: Person, card: str) -> None:
    auth, catalog, order = (shop.url(name) for name in ("auth", "catalog", "order"))
    call = ada.client
    own = {"email": ada.email, "username": ada.username, "password": ada.password}
    for taken in ({**own, "username": "somebody-else"}, {**own, "email": f"{new_id()}@example.com"}):
        answer(await call.post(f"{auth}/auth/register", json=taken), 409)
    half = f'{{"email": "{ada.email}", "username": "{ada.username}", "password": "{ada.password}'
    for broken in (half, f'{half}\\u0000"}}'):
        answer(await call.post(f"{auth}/auth/register", content=broken, headers=JSON), 422)
    answer(await call.put(f"{auth}/users/me", json={"password": ada.token, "current_password": "x"}), 422)
    for login in (ada.email, ada.username):
        answer(await call.post(f"{auth}/auth/login", json={"login": login, "password": f"{ada.password} "}), 401)
    answer(await call.post(f"{auth}/auth/login", json={"login": f"{ada.email}\0", "password": "x"}), 422)
    for url, status in (
        (f"{auth}/auth/verify/{ada.token}", 404),
        (f"{catalog}/products/{ada.token}", 404),
        (f"{order}/order/{ada.email}", 422),
    ):
        answer(await call.get(url), status)
    answer(await call.get(f"{catalog}/products", params={"q": ada.token, "cursor": ada.email}), 422)
    answer(await call.get(f"{order}/orders", headers={"Authorization": f"Bearer {ada.token}x"}), 401)
    answer(await call.post(f"{auth}/auth/verify", json={"token": f"{ada.token}x"}), 401)
    shop.mail.refusals[ada.email] = f"550 5.1.1 <{ada.email}>: there is no {ada.email.partition('@')[0]}"
    items = [{"product_id": await shop.product(admin), "quantity": 1}]
    placed = answer(await call.post(f"{order}/order", json={"items": items, "comment": ada.email}), 201)
    await shop.becomes(ada, placed, "awaiting_payment")
    payment = f"{order}/order/{placed['id']}/payment"
    answer(await call.post(payment, json={"method": "card", "token": card}), 402)
    answer(await call.post(payment, json={"method": "card", "token": "tok_error"}), 503)
    # Signed with the secret itself, and signed rightly and no message.
    now, said = str(int(time.time())), ada.token.encode()
    signature = Signatures(shop.payment_webhook_secret).sign(now, said)
    for header, status in ((shop.payment_webhook_secret, 401), (f"t={now},v1={signature}", 422)):
        response = await call.post(f"{order}/payments/webhook", content=said, headers={HEADER: header})
        answer(response, status)
    await until(lambda: "mail_refused" in {line["event"] for line in lines(shop)}, timeout=PATIENCE, every=0.2)


async def _tell_nonsense(shop: Shop, ada: Person) -> None:
    """What no reader can read, and what one can read and not apply."""
    exchange = shop.broker.default_exchange
    email, password = ada.email, ada.password
    user = {"id": str(new_id()), "email": email, "username": ada.username, "role": "user", "is_active": True}
    moments = {"version": 1, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    bodies = [
        f"{email} {password}".encode(),
        _event("user.created", {**user, **moments, "role": password}),
        _event("user.created", {**user, **moments, "version": password}),
        _event("user.created", {**user, **moments, "email": f"{email}\0"}),
        _event("user.created", {**user, **moments, "username": f"{ada.username}\0"}),
        _event(f"user.{email}", user),
    ]
    for queue in (ORDER_USERS, CATALOG_USERS, ORDER_STOCK):
        for body in bodies:
            message = aio_pika.Message(body, message_id=str(new_id()), type=email, correlation_id=email)
            await exchange.publish(message, queue.name)

    async def are_parked() -> bool:
        found = [await shop.broker.declare_queue(queue.parked, passive=True) for queue in (ORDER_USERS, CATALOG_USERS)]
        return all((each.declaration_result.message_count or 0) >= len(bodies) for each in found)

    await until(are_parked, timeout=60)


def _event(kind: str, data: Json) -> bytes:
    envelope = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": "/auth",
        "type": kind,
        "subject": data["id"],
        "time": "2026-01-01T00:00:00Z",
        "sequence": "1",
        "data": data,
    }
    return json.dumps(envelope).encode()
