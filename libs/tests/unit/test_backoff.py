from datetime import timedelta

from libs.backoff import Backoff


def test_it_doubles_up_to_its_limit() -> None:
    backoff = Backoff(first=0.5, longest=30)
    assert [backoff.delay(failures) for failures in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff.delay(10_000) == 30
    assert backoff.after(3) == timedelta(seconds=2)


def test_without_a_failure_it_is_the_first_one() -> None:
    backoff = Backoff(first=0.5, longest=30)
    assert backoff.delay(0) == backoff.first


def test_jitter_shortens_a_delay_by_its_share_at_most() -> None:
    backoff = Backoff(first=1, longest=8, jitter=0.25)
    delays = [backoff.delay(4) for _ in range(200)]
    assert 6 <= min(delays) < max(delays) <= 8
