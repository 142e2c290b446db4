"""Messages of both providers: who may send them, and which payment they are about."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from libs.errors import InvalidValue
from order_service.domain.provider import CallbackVerifier, ProviderCallback
from order_service.exceptions import InvalidSignature
from order_service.gateways.mock_callbacks import MockCallbackVerifier
from order_service.gateways.signatures import Signatures
from order_service.gateways.stripe_callbacks import StripeCallbackVerifier

SECRET = "agreed"
PAYMENT = UUID("0199f3a6-2a31-7b0c-8d77-5b1f9a0c3e42")
RECORDED = Path(__file__).parents[1] / "recorded"
BODY = b'{"id": "m-1", "object": "event", "type": "payment_intent.succeeded", "data": {}}'

Read = Callable[[bytes, str], ProviderCallback]


@pytest.fixture(params=[(MockCallbackVerifier, "shop-signature"), (StripeCallbackVerifier, "stripe-signature")])
def read(request: pytest.FixtureRequest) -> Read:
    """Reads a body under a signature; the same holds of either provider."""
    kind, header = request.param
    messages: CallbackVerifier = kind(SECRET)
    return lambda body, signature: messages.read(body, {header: signature})


def signed(body: bytes = BODY, *, secret: str = SECRET, at: int | None = None) -> tuple[str, str]:
    moment = str(int(time.time()) if at is None else at)
    return moment, Signatures(secret).sign(moment, body)


def test_a_signed_message_is_read(read: Read) -> None:
    at, signature = signed()
    assert read(BODY, f"t={at},v1={signature}") == ProviderCallback("m-1", None)


def test_while_a_secret_is_replaced_either_signature_counts(read: Read) -> None:
    at, signature = signed()
    _, older = signed(secret="older")
    for header in (f"t={at},v1={older},v1={signature}", f"t={at}, v1={signature}, v1={older}, v0=x,, spare"):
        assert read(BODY, header).id == "m-1"


@pytest.mark.parametrize("away", [-290, 290])
def test_clocks_may_differ_a_little(read: Read, away: int) -> None:
    at, signature = signed(at=int(time.time()) + away)
    assert read(BODY, f"t={at},v1={signature}").id == "m-1"


@pytest.mark.parametrize("away", [-310, 310, -(10**9), 10**11])
def test_old_messages_and_those_from_the_future_are_refused(read: Read, away: int) -> None:
    at, signature = signed(at=max(0, int(time.time()) + away))
    with pytest.raises(InvalidSignature):
        read(BODY, f"t={at},v1={signature}")


def test_another_body_another_moment_another_secret(read: Read) -> None:
    at, signature = signed()
    later = str(int(at) + 1)
    for body, header in (
        (BODY + b" ", f"t={at},v1={signature}"),
        (BODY, f"t={later},v1={signature}"),
        (BODY, f"t={at},v1={signed(secret='guessed')[1]}"),
        (BODY, f"t={at},v0={signature}"),
        (BODY, f"t={at},v1={signature[:-1]}"),
        (BODY, f"t={at},v1={signature.upper()}"),
    ):
        with pytest.raises(InvalidSignature):
            read(body, header)


def test_two_moments_are_one_too_many(read: Read) -> None:
    """Or else one could be what was signed, and the other what is compared with the clock."""
    then, signature = signed(at=1)
    for header in (f"t={then},t={int(time.time())},v1={signature}", f"t={int(time.time())},t={then},v1={signature}"):
        with pytest.raises(InvalidSignature):
            read(BODY, header)


@pytest.mark.parametrize(
    "header",
    [
        "",
        ",",
        "=",
        "t",
        "t=,v1=",
        "v1=00",
        "t=x,v1=00",
        "t=1e9,v1=00",
        "t=-1,v1=00",
        "t=0x10,v1=00",
        "t=1 000,v1=00",
        "t=\u0661\u0662,v1=00",
        "t=²,v1=00",
        f"t={'9' * 5000},v1=00",
        "t=1,v1=é",
        "t=1,v1=\u20ac",
        "t=1," + "v1=" * 9000,
        "t=1,v1=\x00",
    ],
)
def test_headers_that_are_none(read: Read, header: str) -> None:
    with pytest.raises(InvalidSignature):
        read(BODY, header)


@pytest.mark.parametrize("messages", [MockCallbackVerifier(SECRET), StripeCallbackVerifier(SECRET)])
def test_without_a_header(messages: CallbackVerifier) -> None:
    with pytest.raises(InvalidSignature):
        messages.read(BODY, {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"id": 5, "type": "x"}',
        b'{"id": "", "type": "x"}',
        b'{"id": "\\ud800", "type": "x"}',
        b'\xff{"id": "m", "type": "x"}',
        b'{"id": "' + b"m" * 256 + b'", "type": "x"}',
        b"[" * 100_000,
    ],
)
def test_bodies_that_are_no_message(read: Read, body: bytes) -> None:
    """Nobody but the provider can send these; still they are its mistake and not a failure of the shop."""
    at, signature = signed(body)
    with pytest.raises(InvalidValue):
        read(body, f"t={at},v1={signature}")


def heard(event: Any) -> UUID | None:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    at, signature = signed(body)
    return StripeCallbackVerifier(SECRET).read(body, {"stripe-signature": f"t={at},v1={signature}"}).payment_id


@pytest.mark.parametrize(
    ("name", "payment"),
    [
        ("event_payment_succeeded", PAYMENT),
        ("event_charge_refunded", PAYMENT),
        ("event_payment_created", None),
        ("event_charge_of_others", None),
    ],
)
def test_what_stripe_tells_of(name: str, payment: UUID | None) -> None:
    assert heard((RECORDED / f"{name}.json").read_bytes()) == payment


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        "data",
        {"object": None},
        {"object": {"metadata": None}},
        {"object": {"metadata": []}},
        {"object": {"metadata": {"payment_id": None}}},
        {"object": {"metadata": {"payment_id": 5}}},
        {"object": {"metadata": {"payment_id": "5"}}},
        {"object": {"metadata": {"payment_id": ["a"]}}},
    ],
)
def test_what_others_do_with_the_same_account(data: Any) -> None:
    assert heard({"id": "evt_1", "type": "charge.refunded", "data": data}) is None
