"""What the bindings of an exchange tell of one queue: whether it is bound, since when, and what it was told again.

Tokens are the keys of bindings that no message uses. `bound.<token>` was made after the queue was bound, at the queue
and wherever its messages wait for another try or a person: with any of these queues a part of it is gone.
`replayed.<token>` was made when everything kept was told again after that. Each pattern of a dynamic queue has tokens
of its own, `bound.<pattern>.<token>`, so that one that is added does not make the others start anew.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from libs.broker.topology import RETRY_DELAYS, Binding, RetryDelay
from libs.contracts.topology import DynamicQueue, Queue, StaticQueue

BOUND: Final = "bound."
REPLAYED: Final = "replayed."
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class BindingMarkers:
    queue: Queue
    patterns: tuple[str, ...]
    retry_delays: Sequence[RetryDelay] = RETRY_DELAYS
    scope: str = ""
    """What precedes a token."""
    since: datetime = BEGINNING
    """What happened before is not owed to the queue."""

    @classmethod
    def of_static(cls, queue: StaticQueue, retry_delays: Sequence[RetryDelay] = RETRY_DELAYS) -> "BindingMarkers":
        return cls(queue, queue.patterns, retry_delays)

    @classmethod
    def of_dynamic(
        cls, queue: DynamicQueue, pattern: str, since: datetime, retry_delays: Sequence[RetryDelay] = RETRY_DELAYS
    ) -> "BindingMarkers":
        return cls(queue, (pattern,), retry_delays, f"{pattern}.", since)

    @property
    def _places(self) -> tuple[str, ...]:
        return self.queue.places(delay.name for delay in self.retry_delays)

    @property
    def _bindings(self) -> list[Binding]:
        return [Binding(self.queue.name, pattern) for pattern in self.patterns]

    def current(self, seen: Collection[Binding]) -> str | None:
        """The token of a time in which nothing was away. Of several, workers may have made one each, any is as good."""
        if not all(binding in seen for binding in self._bindings):
            return None
        prefix = BOUND + self.scope
        found = {each.key.removeprefix(prefix) for each in self._of_ours(seen) if each.key.startswith(prefix)}
        whole = [token for token in found if all(Binding(place, prefix + token) in seen for place in self._places)]
        return max(whole, key=lambda token: (self.replayed(token) in seen, token), default=None)

    def is_whole(self, seen: Collection[Binding]) -> bool:
        """It has got, or will get, everything."""
        token = self.current(seen)
        return token is not None and self.replayed(token) in seen

    def replayed(self, token: str) -> Binding:
        return Binding(self.queue.name, REPLAYED + self.scope + token)

    def obsolete(self, seen: Collection[Binding]) -> list[Binding]:
        """What must be gone before the queue is bound anew: it would vouch for what it has not seen."""
        prefixes = (BOUND + self.scope, REPLAYED + self.scope)
        return [each for each in self._of_ours(seen) if each.key.startswith(prefixes)]

    def new(self, token: str) -> list[Binding]:
        """The token comes after what it vouches for."""
        return [*self._bindings, *(Binding(place, BOUND + self.scope + token) for place in self._places)]

    def all(self, seen: Collection[Binding]) -> list[Binding]:
        """All of it, which goes when it is no longer asked for."""
        return [*(each for each in self._bindings if each in seen), *self.obsolete(seen)]

    def _of_ours(self, seen: Collection[Binding]) -> list[Binding]:
        return [each for each in seen if each.queue in self._places]
