"""One purchase is one trace, through all three services and back."""

import asyncio
import secrets
from urllib.parse import unquote_plus

import pytest

from libs.process.ids import new_id
from libs.testing.wait import until
from tests.observing.receiver import Receiver, Span, tree
from tests.observing.shop import PATIENCE, Shop

pytestmark = pytest.mark.xdist_group("observing")

# Seconds. By then each timer has looked.
LOOKING = 2
# From the request that places the order to the last mail about it. What stands below another was caused by it.
PLACING = (
    ("order-api", "POST /api/v1/order"),
    ("order-worker", "publish order.placed"),
    ("catalog-worker", "handle catalog.orders"),
    ("catalog-worker", "publish stock.reserved"),
    ("order-worker", "handle order.stock"),
    ("order-worker", "send mail"),
)
PAYMENT = ("order-api", "POST /api/v1/order/{order_id}/payment")


async def test_a_purchase_is_one_trace(shop: Shop, receiver: Receiver) -> None:
    ada, admin = await shop.person(), await shop.admin()
    product = await shop.product(admin)
    trace, caller = secrets.token_hex(16), secrets.token_hex(8)
    headers = {"traceparent": f"00-{trace}-{caller}-01"}
    await shop.log_in(ada, **headers)
    await shop.buy(ada, product, **headers)

    paths = await until(lambda: _told(receiver, trace, caller), timeout=PATIENCE, every=0.2)
    assert PLACING in paths
    assert (PAYMENT, ("order-worker", "publish order.paid"), ("catalog-worker", "handle catalog.orders")) in paths
    whole = receiver.of(trace)
    assert {span.process for span in whole} == {"auth-api", "order-api", "order-worker", "catalog-worker"}
    # Each of them says what it asked its database, and no span hangs in the air.
    statements = {span.process for span in whole if span.attributes.get("db.system") == "postgresql"}
    assert statements == {span.process for span in whole}
    assert {span.parent for span in whole} <= {caller, *(span.id for span in whole)}


async def test_registering_is_one_trace_that_reaches_both_others(shop: Shop, receiver: Receiver) -> None:
    """Nobody gave it one: it begins with the request."""
    before = len(receiver.spans)
    await shop.person()

    def reached() -> bool:
        begun = [
            span for span in receiver.spans[before:] if span.name == "POST /api/v1/auth/register" and not span.parent
        ]
        processes = {span.process for each in begun for span in receiver.of(each.trace)}
        return processes >= {"auth-api", "auth-worker", "catalog-worker", "order-worker"}

    await until(reached, timeout=PATIENCE, every=0.2)


async def test_a_trace_says_no_more_than_a_log(shop: Shop, receiver: Receiver) -> None:
    ada, admin = await shop.person(), await shop.admin()
    trace = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
    auth = shop.url("auth")
    body = {"email": ada.email, "username": f"p{new_id().hex[12:]}", "password": ada.password}
    taken = await ada.client.post(f"{auth}/auth/register", json=body, headers=headers)
    assert taken.status_code == 409
    await admin.client.get(f"{auth}/users", params={"q": ada.email, "token": ada.token}, headers=headers)
    await ada.client.get(f"{auth}/users/{ada.token}", headers=headers)
    for span in await until(lambda: _with(receiver, trace, "GET /api/v1/users/{user_id}"), timeout=PATIENCE, every=0.2):
        said = unquote_plus(f"{span.name} {span.attributes} {span.events} {span.status}")
        for secret in (ada.email, ada.password, ada.token, admin.token):
            assert secret not in said


async def test_looking_whether_there_is_something_to_do_is_no_trace(shop: Shop, receiver: Receiver) -> None:
    """Timers ask their databases all the time. Spans of a process come in the order in which they end."""
    await asyncio.sleep(LOOKING)
    trace = secrets.token_hex(16)
    person = await shop.person()
    changed = await person.client.put(
        f"{shop.url('auth')}/users/me",
        json={"username": f"p{new_id().hex[12:]}"},
        headers={"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"},
    )
    assert changed.status_code == 200
    # What any of these would have told of before has come by now.
    workers = {"auth-worker", "catalog-worker", "order-worker"}
    await until(lambda: {span.process for span in receiver.of(trace)} >= workers, timeout=PATIENCE, every=0.2)
    alone = [span for span in receiver.spans if not span.parent and span.attributes.get("db.system")]
    assert alone == []


def _with(receiver: Receiver, trace: str, name: str) -> list[Span]:
    spans = list(receiver.of(trace))
    return spans if name in {span.name for span in spans} else []


def _told(receiver: Receiver, trace: str, caller: str) -> set[tuple[tuple[str, str], ...]] | None:
    """All ways down from the caller, without what was asked of databases; None until those of the test are there."""
    below = tree([span for span in receiver.of(trace) if "db.system" not in span.attributes])
    found: set[tuple[tuple[str, str], ...]] = set()

    def walk(span: Span, way: tuple[tuple[str, str], ...]) -> None:
        way = (*way, (span.process, span.name))
        found.add(way)
        for each in below[span.id]:
            walk(each, way)

    for span in below[caller]:
        walk(span, ())
    return found if PLACING in found and (PAYMENT, ("order-worker", "send mail")) in found else None
