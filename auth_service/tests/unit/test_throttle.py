from datetime import UTC, datetime, timedelta

import pytest

from auth_service.domain.login_limits import FailureCount
from auth_service.exceptions import TooManyAttempts

NOW = datetime(2025, 10, 17, 12, 0, tzinfo=UTC)
TWO_MINUTES_AGO = NOW - timedelta(minutes=2)


def test_below_the_limits_everybody_may_try() -> None:
    FailureCount(9, TWO_MINUTES_AGO, 199, TWO_MINUTES_AGO).refuse_if_too_many(NOW)
    FailureCount(0, None, 0, None).refuse_if_too_many(NOW)


@pytest.mark.parametrize(
    "tally", [FailureCount(10, TWO_MINUTES_AGO, 10, TWO_MINUTES_AGO), FailureCount(0, None, 200, TWO_MINUTES_AGO)]
)
def test_at_a_limit_nobody_may_until_the_oldest_attempt_is_past(tally: FailureCount) -> None:
    with pytest.raises(TooManyAttempts) as refusal:
        tally.refuse_if_too_many(NOW)
    assert refusal.value.retry_after == 180
