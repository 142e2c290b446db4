"""What the customer finds in the mailbox."""

import asyncio
from html import escape

import httpx
import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import line, make_product, place, reserved, settled
from tests.integration.support.names import unique
from tests.integration.support.problems import ok
from tests.integration.support.wait import until

RECEIVED = "We have received your order"
PLEASE_PAY = "Please pay for your order"


async def mails_of(postbox: httpx.AsyncClient, person: Account, count: int) -> list[Json]:
    """The first come first, as soon as there are so many."""

    async def look() -> list[Json]:
        items: list[Json] = ok(await postbox.get("/mails", params={"to": person.user["email"]}))["items"]
        return items[::-1]

    return await until(look, lambda seen: len(seen) >= count)


async def text_of(postbox: httpx.AsyncClient, mail: Json, part: str = "text") -> str:
    response = await postbox.get(f"/mails/{mail['name']}/{part}")
    assert response.status_code == 200, response.text
    return response.text


@pytest.mark.slow
async def test_from_cart_to_delivered(admin: ServiceClients, newcomer: Account, postbox: httpx.AsyncClient) -> None:
    product = await make_product(admin, stock=5)
    order = await reserved(newcomer.call, line(product, 2))
    # Nobody is asked to pay who has paid by the time that the mail is written.
    await mails_of(postbox, newcomer, 2)
    paid = await newcomer.call.order.post(f"/order/{order['id']}/payment", json={"method": "card", "token": "tok_ok"})
    ok(paid, 201)
    for status in ("shipped", "delivered"):
        ok(await admin.order.put(f"/update_order/{order['id']}", json={"status": status}))
    mails = await mails_of(postbox, newcomer, 5)
    assert [mail["subject"] for mail in mails] == [
        RECEIVED,
        PLEASE_PAY,
        "We have received your payment",
        "Your order is on its way",
        "Your order has arrived",
    ]
    # Each came once, and is named for what it tells of.
    assert {mail["copies"] for mail in mails} == {1}
    assert all(mail["message_id"].startswith(f"<order-{order['id']}-") for mail in mails)
    for mail in mails:
        for part in ("text", "html"):
            said = await text_of(postbox, mail, part)
            assert f"Hello {newcomer.user['username']}" in said
            assert product["name"] in said
            assert f"{order['total']} {order['currency']}" in said


async def test_an_order_that_cannot_be_fulfilled(
    admin: ServiceClients, newcomer: Account, postbox: httpx.AsyncClient
) -> None:
    product = await make_product(admin, stock=1)
    order = await settled(newcomer.call, await place(newcomer.call, line(product, 3)))
    assert order["status"] == "rejected"
    mails = await mails_of(postbox, newcomer, 2)
    assert [mail["subject"] for mail in mails] == [RECEIVED, "We cannot fulfil your order"]
    said = " ".join((await text_of(postbox, mails[1])).split())
    assert f"{product['name']}: 3 wanted, 1 available" in said


async def test_a_change_of_mind(admin: ServiceClients, newcomer: Account, postbox: httpx.AsyncClient) -> None:
    product = await make_product(admin, stock=9)
    order = await reserved(newcomer.call, line(product, 1))
    await mails_of(postbox, newcomer, 2)
    # A new address is no news; other items are.
    ok(await newcomer.call.order.put(f"/update_order/{order['id']}", json={"delivery_address": "Elsewhere 1"}))
    ok(await newcomer.call.order.put(f"/update_order/{order['id']}", json={"items": [line(product, 4)]}))
    await until(
        lambda: newcomer.call.order.get(f"/order/{order['id']}"),
        lambda seen: seen.json()["status"] == "awaiting_payment",
    )
    await mails_of(postbox, newcomer, 4)
    await asyncio.gather(*(newcomer.call.order.post(f"/order/{order['id']}/cancel") for _ in range(3)))
    mails = await mails_of(postbox, newcomer, 5)
    assert [(mail["subject"], mail["copies"]) for mail in mails] == [
        (RECEIVED, 1),
        (PLEASE_PAY, 1),
        ("Your order was changed", 1),
        (PLEASE_PAY, 1),
        ("Your order is cancelled", 1),
    ]
    assert "40.00 EUR" in await text_of(postbox, mails[3])


async def test_a_page_shows_it_and_lets_it_do_nothing(
    admin: ServiceClients, newcomer: Account, postbox: httpx.AsyncClient
) -> None:
    name = f"<img src=x onerror=alert(1)>{unique()}"
    product = await make_product(admin, name=name, stock=1)
    await place(newcomer.call, line(product))
    mail = (await mails_of(postbox, newcomer, 1))[0]
    overview = (await postbox.get("/", params={"to": newcomer.user["email"]})).text
    assert f'href="/mails/{mail["name"]}"' in overview
    page = await postbox.get(f"/mails/{mail['name']}")
    assert escape(name) in page.text
    assert name not in page.text
    assert "<iframe sandbox" in page.text
    shown = await postbox.get(f"/mails/{mail['name']}/html")
    assert escape(name) in shown.text
    for response in (page, shown):
        assert "default-src 'none'" in response.headers["content-security-policy"]
    assert shown.headers["content-security-policy"].startswith("sandbox;")
