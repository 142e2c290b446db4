"""When a queue has surely got everything, and when it must be told again."""

from libs.broker.topology import RETRY_DELAYS, Binding
from libs.contracts.topology import ORDER_USERS
from libs.outbox.binding_markers import BindingMarkers

TOKENS = BindingMarkers.of_static(ORDER_USERS)
NEW = frozenset(TOKENS.new("one"))
WHOLE = NEW | {TOKENS.replayed("one")}
OTHERS = frozenset({Binding("catalog.users", "user.*"), Binding("shop.trace", "#")})


def test_a_new_binding_vouches_for_nothing_before_it() -> None:
    assert TOKENS.current(OTHERS) is None
    assert TOKENS.current(NEW | OTHERS) == "one"
    assert not TOKENS.is_whole(NEW)
    assert TOKENS.is_whole(WHOLE | OTHERS)


def test_whatever_is_missing_ends_it() -> None:
    """With a queue its bindings go. Messages may have waited there for another try, or for a person."""
    for queue in (ORDER_USERS.name, ORDER_USERS.parked, *(ORDER_USERS.retry(delay.name) for delay in RETRY_DELAYS)):
        assert TOKENS.current({each for each in WHOLE if each.queue != queue}) is None
    assert TOKENS.current(WHOLE - {Binding(ORDER_USERS.name, ORDER_USERS.patterns[0])}) is None


def test_a_binding_that_was_made_by_others_is_no_proof() -> None:
    assert TOKENS.current({Binding(ORDER_USERS.name, ORDER_USERS.patterns[0])}) is None


def test_a_replay_counts_for_its_own_token() -> None:
    again = frozenset(TOKENS.new("two")) | {TOKENS.replayed("one")}
    assert TOKENS.current(again) == "two"
    assert not TOKENS.is_whole(again)


def test_of_two_workers_tokens_the_replayed_one_counts() -> None:
    for replayed in ("one", "two"):
        seen = NEW | frozenset(TOKENS.new("two")) | {TOKENS.replayed(replayed)}
        assert TOKENS.current(seen) == replayed
        assert TOKENS.is_whole(seen)


def test_what_is_old_goes_and_nothing_else() -> None:
    other = BindingMarkers.of_static(ORDER_USERS).new("one")[0]
    assert set(TOKENS.obsolete(WHOLE | OTHERS)) == WHOLE - {other}


def test_the_token_comes_after_the_binding() -> None:
    assert TOKENS.new("one")[0] == Binding(ORDER_USERS.name, ORDER_USERS.patterns[0])
