import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from pydantic import ValidationError

from libs.broker.cloudevents import properties
from libs.contracts.auth import UserUpdated
from libs.testing.envelope import Envelope

NOW = datetime.now(UTC)
ENVELOPE = Envelope(
    # Always the same: names of tests have it in them, and everybody who runs some of them must know them by one name.
    id="01a20001-9fa2-72ec-a3c8-a0ed04dc7e44",
    source="/auth",
    type="user.created",
    subject=UUID("01a20001-9fa2-72ec-a3c8-a0ee8dc934ce"),
    time=datetime(2026, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2))),
    sequence=12,
    correlation_id='a "quoted" \\ id',
    data={"name": "ünïcode \u2028", "nested": {"list": [1, None, True]}},
)


def test_what_is_written_is_read_the_same() -> None:
    assert Envelope.decode(ENVELOPE.encode()) == ENVELOPE


def test_times_are_utc() -> None:
    assert json.loads(ENVELOPE.encode())["time"] == "2026-02-03T02:05:06Z"
    assert Envelope.decode(ENVELOPE.encode()).time.astimezone(UTC).hour == 2


def test_a_correlation_id_that_amqp_cannot_hold_is_cut_there_and_whole_in_the_body() -> None:
    found = properties(
        event_id="e", source="/s", event_type="t", time=NOW, sequence=1, correlation_id="ü" * 200, traceparent=None
    )
    found.marshal()
    assert found.correlation_id == "ü" * 127


def test_what_breaks_a_contract_is_not_told() -> None:
    """It is logged, and may be somebody's address."""
    event = {"id": "no id", "email": "ada@example.com\0", "username": "ada\0", "version": "ada@example.com"}
    with pytest.raises(ValidationError) as error:
        UserUpdated.model_validate(event)
    assert "username" in str(error.value)
    assert "ada" not in str(error.value)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_moment_that_utc_cannot_show_breaks_a_contract(moment: str) -> None:
    event = {"id": str(ENVELOPE.subject), "email": "ada@example.com", "username": "ada", "version": 1}
    with pytest.raises(ValidationError, match="UTC cannot show it"):
        UserUpdated.model_validate({**event, "created_at": moment})
