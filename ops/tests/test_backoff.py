from ops.stack.backoff import Backoff


def test_it_doubles_up_to_its_limit() -> None:
    backoff = Backoff(first=0.5, longest=30)
    assert [backoff.delay(ends) for ends in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff.delay(10_000) == 30


def test_after_a_long_life_the_next_restart_comes_soon() -> None:
    backoff = Backoff(settled_after=20)
    assert backoff.is_settled(21)
    assert not backoff.is_settled(19)
    assert backoff.delay(0) == backoff.first
