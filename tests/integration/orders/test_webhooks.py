"""Webhooks: who may register what, and that a receiver is told.

A receiver is part of a test only where WEBHOOK_RECEIVER_HOST says by which name the shop reaches this machine. From
within a container it usually does not.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import follow, line, make_product, make_webhook, place
from tests.integration.support.names import unknown_id
from tests.integration.support.pages import ids, walk
from tests.integration.support.problems import assert_problem, ok, refused_fields, tagged_version
from tests.integration.support.wait import until

WANTED: Json = {"url": "https://receiver.invalid/events", "types": ["order.paid"], "is_active": False}
HOST = os.environ.get("WEBHOOK_RECEIVER_HOST")


@dataclass
class Receiver:
    """Takes everything. `requests` are pairs of headers and body."""

    url: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
            lines = (text.partition(": ") for text in head[1:] if text)
            headers = {name.lower(): value for name, _, value in lines}
            self.requests.append((headers, await reader.readexactly(int(headers["content-length"]))))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks")
            await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    if not HOST:
        pytest.skip("WEBHOOK_RECEIVER_HOST does not say by which name the shop reaches this machine")
    receiver = Receiver()
    async with await asyncio.start_server(receiver.serve, HOST, 0) as server:
        receiver.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}/events"
        yield receiver


@pytest.fixture
async def registered(admin: ServiceClients) -> AsyncIterator[list[Json]]:
    """What a test registers is not left behind: there may only be some."""
    made: list[Json] = []
    yield made
    for webhook in made:
        await admin.order.delete(f"/webhook/{webhook['id']}")


@pytest.fixture
async def webhook(admin: ServiceClients, registered: list[Json]) -> Json:
    made = await make_webhook(admin)
    registered.append(made)
    return made


def path(webhook: Json, rest: str = "") -> str:
    return f"/webhook/{webhook['id']}{rest}"


async def test_registering(admin: ServiceClients, registered: list[Json]) -> None:
    body = {**WANTED, "types": ["order.*", "user.deleted", "order.*"], "description": "Bookkeeping"}
    created = await admin.order.post("/webhook", json=body)
    made = ok(created, 201)
    registered.append(made)
    assert made["types"] == ["order.*", "user.deleted"]
    assert (made["is_active"], made["version"], made["disabled_reason"]) == (False, 1, None)
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"))) >= 24
    assert tagged_version(created) == 1
    read = await follow(admin.order, created)
    assert ok(read) == {name: value for name, value in made.items() if name != "secret"}
    assert made["secret"] not in (await admin.order.get("/webhooks", params={"limit": 100})).text


@pytest.mark.parametrize(
    "url",
    [
        "", "receiver.invalid", "ftp://receiver.invalid/", "https://", "https:///events", "https://me:pw@receiver.invalid/",
        "https://receiver.invalid/#part", "https://receiver.invalid:0/", "https://receiver.invalid:65536/",
        "https://receiver.invalid/a b", "https://bücher.invalid/", "https://receiver.invalid\\@other.invalid/",
        "javascript:alert(1)", "file:///etc/passwd", "https://[::1", "https://[::x]/", "https://a..b/",
        f"https://{'a' * 64}.invalid/", "https://receiver.invalid/" + "x" * 2000, "https://999.1.1.1/", None, 7,
    ],
)  # fmt: skip
async def test_a_url_that_is_none(admin: ServiceClients, webhook: Json, url: object) -> None:
    for answer in (
        await admin.order.post("/webhook", json={**WANTED, "url": url}),
        await admin.order.put(path(webhook), json={"url": url}),
    ):
        assert refused_fields(assert_problem(answer, 422)) == "url"


@pytest.mark.parametrize("types", [[], ["order.payed"], ["*.paid"], ["order"], [""], "order.paid", [None], None])
async def test_types_that_are_none(admin: ServiceClients, types: object) -> None:
    problem = assert_problem(await admin.order.post("/webhook", json={**WANTED, "types": types}), 422)
    assert refused_fields(problem).startswith("types")


async def test_changing(admin: ServiceClients, webhook: Json) -> None:
    changes = {"url": "https://other.invalid/", "types": ["*"], "description": "All"}
    changed = await admin.order.put(path(webhook), json=changes, headers={"If-Match": '"1"'})
    assert {name: ok(changed)[name] for name in changes} == changes
    assert tagged_version(changed) == changed.json()["version"] == 2
    assert ok(await admin.order.put(path(webhook), json={}))["version"] == 2
    assert ok(await admin.order.put(path(webhook), json={"description": None}))["description"] is None
    stale = await admin.order.put(path(webhook), json={"types": ["user.*"]}, headers={"If-Match": '"1"'})
    assert_problem(stale, 412, "version_conflict")
    read = await admin.order.get(path(webhook))
    same = await admin.order.get(path(webhook), headers={"If-None-Match": read.headers["etag"]})
    assert (tagged_version(read), same.status_code) == (3, 304)


async def test_a_new_secret(admin: ServiceClients, webhook: Json) -> None:
    answer = await admin.order.post(path(webhook, "/secret"))
    assert ok(answer)["secret"] != webhook["secret"]
    assert (answer.json()["version"], answer.headers["cache-control"]) == (2, "no-store")
    stale = await admin.order.post(path(webhook, "/secret"), headers={"If-Match": '"1"'})
    assert_problem(stale, 412, "version_conflict")


async def test_deleting(admin: ServiceClients, webhook: Json) -> None:
    stale = await admin.order.delete(path(webhook), headers={"If-Match": '"7"'})
    assert_problem(stale, 412, "version_conflict")
    assert (await admin.order.delete(path(webhook))).status_code == 204
    for answer in (await admin.order.get(path(webhook)), await admin.order.delete(path(webhook))):
        assert_problem(answer, 404, "webhook_not_found")
    assert webhook["id"] not in ids(await walk(admin.order, "/webhooks", limit=7))


async def test_a_webhook_that_is_off_is_sent_nothing(admin: ServiceClients, webhook: Json) -> None:
    assert_problem(await admin.order.post(path(webhook, "/ping")), 409, "webhook_inactive")
    assert ok(await admin.order.get(path(webhook, "/deliveries")))["items"] == []
    assert_problem(await admin.order.get(path(webhook, f"/deliveries/{unknown_id()}")), 404, "delivery_not_found")


async def test_a_receiver_that_is_not_there(admin: ServiceClients, webhook: Json) -> None:
    """Needs none: the name leads nowhere."""
    ok(await admin.order.put(path(webhook), json={"is_active": True}))
    nothing = path(webhook, f"/deliveries/{unknown_id()}/resend")
    assert_problem(await admin.order.post(nothing), 404, "delivery_not_found")
    pinged = await admin.order.post(path(webhook, "/ping"))
    delivery = ok(pinged, 202)
    assert (delivery["type"], delivery["event"]["type"]) == ("webhook.ping", "webhook.ping")

    async def look() -> Json:
        seen: Json = ok(await follow(admin.order, pinged))
        return seen

    seen = await until(look, lambda seen: bool(seen["attempts"]))
    assert (seen["status"], seen["attempts"][0]["status_code"]) == ("pending", None)
    assert seen["attempts"][0]["error"]
    assert ok(await admin.order.get(path(webhook)))["failing_since"]
    pending = {"status": "pending", "type": "webhook.ping", "with_total": "true"}
    found = ok(await admin.order.get(path(webhook, "/deliveries"), params=pending))
    assert (ids(found["items"]), found["total"]) == ([delivery["id"]], 1)
    none = ok(await admin.order.get(path(webhook, "/deliveries"), params={"status": "delivered"}))
    assert none["items"] == []
    assert_problem(await admin.order.get(path(webhook, "/deliveries"), params={"status": "lost"}), 422)


async def test_the_story_of_an_order_is_told(
    admin: ServiceClients, customer: Account, receiver: Receiver, registered: list[Json]
) -> None:
    webhook = await make_webhook(admin, url=receiver.url, types=["order.*", "stock.reserved"], is_active=True)
    registered.append(webhook)
    product = await make_product(admin, stock=5)
    order = await place(customer.call, line(product))

    async def told() -> set[str]:
        events = [json.loads(body) for _, body in receiver.requests]
        return {event["type"] for event in events if event["subject"] == order["id"]}

    await until(told, lambda types: types >= {"order.placed", "stock.reserved", "order.reserved"})
    for headers, body in receiver.requests:
        signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
        key = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
        signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{signature}"
        assert UUID(headers["webhook-id"]) == UUID(json.loads(body)["id"])

    async def delivered() -> httpx.Response:
        return await admin.order.get(path(webhook, "/deliveries"), params={"status": "delivered", "limit": 100})

    mine = await until(delivered, lambda answer: any(each["subject"] == order["id"] for each in ok(answer)["items"]))
    (delivery, *_) = (each for each in mine.json()["items"] if each["subject"] == order["id"])
    whole = ok(await admin.order.get(path(webhook, f"/deliveries/{delivery['id']}")))
    assert (whole["attempts"][0]["status_code"], whole["attempts"][0]["response"]) == (200, "thanks")
    before = len([1 for headers, _ in receiver.requests if headers["webhook-id"] == delivery["event_id"]])
    ok(await admin.order.post(path(webhook, f"/deliveries/{delivery['id']}/resend")), 202)

    async def copies() -> int:
        return len([1 for headers, _ in receiver.requests if headers["webhook-id"] == delivery["event_id"]])

    await until(copies, lambda number: number > before)
