import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from libs.broker.cloudevents import DecodeError
from libs.consumers.message import event_decoder
from libs.tests.messaging.sending import encoded
from libs.tests.messaging.things import ThingChanged, ThingDeleted, ThingEvent

THING = ThingChanged(id=UUID(int=1), version=12, name="ünïcode \u2028")
# Always the same: names of tests have it in them, and everybody who runs some of them must know them by one name.
ENVELOPE = replace(encoded(THING, 'a "quoted" \\ story'), id="7", time=datetime(2026, 2, 3, tzinfo=UTC))
MESSAGE = ENVELOPE.encode()

read = event_decoder(ThingEvent)


def with_(**attributes: Any) -> bytes:
    return json.dumps({**json.loads(MESSAGE), **attributes}).encode()


def test_what_is_written_is_read() -> None:
    found = read(MESSAGE)
    assert (found.event, found.id, found.body) == (THING, ENVELOPE.id, MESSAGE)
    assert (found.correlation_id, found.occurred_at) == (ENVELOPE.correlation_id, ENVELOPE.time)


def test_the_type_says_which_event_it_is() -> None:
    assert read(with_(type="thing.deleted")).event == ThingDeleted(id=UUID(int=1), version=12)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"specversion": "1.0"}',
        with_(specversion="0.3"),
        with_(data=None),
        with_(data=[]),
        with_(data={"name": "without a version"}),
        with_(type="thing.renamed"),
        with_(subject="nobody"),
        with_(sequence="many"),
        with_(sequence=1e400),
        with_(time="yesterday"),
        with_(time="2026-02-03T04:05:06"),
        with_(correlationid="x" * 201),
        with_(correlationid="\0"),
        MESSAGE.replace(b"thing.changed", b"\\ud800"),
    ],
)
def test_what_is_no_event_that_is_expected_is_undecodable(body: bytes) -> None:
    with pytest.raises(DecodeError):
        read(body)


def test_what_cannot_be_read_is_not_told() -> None:
    """It is logged, and may be somebody's address."""
    with pytest.raises(DecodeError) as undecodable:
        read(with_(subject="ada@example.com", data="ada@example.com"))
    assert "subject" in str(undecodable.value)
    assert "ada" not in str(undecodable.value)
