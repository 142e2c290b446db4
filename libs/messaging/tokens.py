"""What the bindings of an exchange tell of one queue: whether it is bound, since when, and what it was told again.

Tokens are the keys of bindings that no message uses. `bound.<token>` was made after the queue was bound, at the queue
and wherever its messages wait for another try or a person: with any of these queues a part of it is gone.
`replayed.<token>` was made when everything kept was told again after that.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from libs.contracts.topology import Queue
from libs.messaging.topology import RUNGS, Binding, Rung

BOUND: Final = "bound."
REPLAYED: Final = "replayed."


@dataclass(frozen=True)
class Tokens:
    queue: Queue
    rungs: Sequence[Rung] = RUNGS

    @property
    def _places(self) -> tuple[str, ...]:
        return (self.queue.name, self.queue.parked, *(self.queue.retry(rung.name) for rung in self.rungs))

    def current(self, seen: Collection[Binding]) -> str | None:
        """The token of a time in which nothing was away. Of several, workers may have made one each, any is as good."""
        if Binding(self.queue.name, self.queue.pattern) not in seen:
            return None
        found = {each.key.removeprefix(BOUND) for each in self._of_ours(seen) if each.key.startswith(BOUND)}
        whole = [token for token in found if all(Binding(place, BOUND + token) in seen for place in self._places)]
        return max(whole, key=lambda token: (self.replayed(token) in seen, token), default=None)

    def is_whole(self, seen: Collection[Binding]) -> bool:
        """It has got, or will get, everything."""
        token = self.current(seen)
        return token is not None and self.replayed(token) in seen

    def replayed(self, token: str) -> Binding:
        return Binding(self.queue.name, REPLAYED + token)

    def old(self, seen: Collection[Binding]) -> list[Binding]:
        """What must be gone before the queue is bound anew: it would vouch for what it has not seen."""
        return [each for each in self._of_ours(seen) if each.key.startswith((BOUND, REPLAYED))]

    def new(self, token: str) -> list[Binding]:
        """The token comes after what it vouches for."""
        return [
            Binding(self.queue.name, self.queue.pattern),
            *(Binding(place, BOUND + token) for place in self._places),
        ]

    def _of_ours(self, seen: Collection[Binding]) -> list[Binding]:
        return [each for each in seen if each.queue in self._places]
