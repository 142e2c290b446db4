from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aio_pika.abc import AbstractIncomingMessage
from aiormq import spec

from libs.broker.confirmed_channel import ConfirmedChannel
from libs.consumers.retry import RetryPublisher


class Sent(ConfirmedChannel):
    """Keeps what would be published."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes, spec.Basic.Properties]] = []

    async def send(self, queue: str, body: bytes, properties: spec.Basic.Properties) -> None:
        self.messages.append((queue, body, properties))


def message(**headers: Any) -> AbstractIncomingMessage:
    return cast(
        AbstractIncomingMessage,
        SimpleNamespace(
            body=b"\x00 any bytes \xff",
            headers=headers,
            app_id="/auth",
            content_encoding=None,
            content_type="text/odd",
            correlation_id="story",
            message_id="m-1",
            type="user.created",
            priority=4,
            reply_to="somebody",
            timestamp=datetime(2026, 1, 2, tzinfo=UTC),
            expiration=3,
            user_id="guest",
        ),
    )


async def climbed(given: AbstractIncomingMessage, error: Exception | None = None) -> tuple[str, spec.Basic.Properties]:
    sent = Sent()
    await RetryPublisher(sent).schedule_retry("q", given, error or ValueError("no"))
    [(queue, body, properties)] = sent.messages
    assert body == given.body
    return queue, properties


@pytest.mark.parametrize(
    ("attempt", "queue"),
    [
        (None, "q.retry.5s"),
        (1, "q.retry.30s"),
        (2, "q.retry.5m"),
        (3, "q.parked"),
        (99, "q.parked"),
        ("x", "q.retry.5s"),
        (2**63 - 1, "q.retry.5s"),
    ],
)
async def test_each_failure_is_a_step_up(attempt: object, queue: str) -> None:
    headers = {} if attempt is None else {"attempt": attempt}
    found, properties = await climbed(message(**headers))
    assert found == queue
    assert properties.delivery_mode == 2
    assert properties.headers is not None
    assert properties.headers["error"] == "ValueError: no"


async def test_a_copy_keeps_what_it_is_and_when_it_failed_first() -> None:
    _, properties = await climbed(message(**{"first-failed-at": "long ago", "mine": 1}))
    assert properties.headers == {
        "first-failed-at": "long ago",
        "mine": 1,
        "attempt": 1,
        "error": "ValueError: no",
        "queue": "q",
    }
    found = (properties.message_id, properties.correlation_id, properties.app_id, properties.message_type)
    assert found == ("m-1", "story", "/auth", "user.created")
    assert (properties.content_type, properties.reply_to, properties.priority) == ("text/odd", "somebody", 4)


async def test_a_copy_neither_expires_nor_names_a_user() -> None:
    _, properties = await climbed(message())
    assert not properties.expiration
    assert not properties.user_id


async def test_the_broker_s_notes_are_not_the_copy_s() -> None:
    _, properties = await climbed(message(**{"x-death": [{"count": 1}], "x-delivery-count": 2, "x-own": 1}))
    assert properties.headers is not None
    assert {name for name in properties.headers if name.startswith("x-")} == {"x-own"}


# A broker's frame takes 128 KiB, and with the notes these would be more.
@pytest.mark.parametrize("odd", [object(), "x" * 131_000], ids=["unwritable", "too large"])
async def test_headers_that_cannot_be_written_do_not_keep_a_message_from_being_parked(odd: object) -> None:
    _, properties = await climbed(message(odd=odd))
    assert properties.headers is not None
    assert set(properties.headers) == {"attempt", "error", "first-failed-at", "queue"}
    assert properties.message_id == "m-1"


async def test_a_note_of_somebody_else_s_stays_short() -> None:
    _, properties = await climbed(message(**{"first-failed-at": "x" * 131_000}))
    assert len(properties.marshal()) < 1_000


async def test_any_error_can_be_told() -> None:
    _, properties = await climbed(message(), ValueError("\udc00" + "x" * 10_000))
    assert properties.headers is not None
    assert len(str(properties.headers["error"])) < 600
    properties.marshal()
