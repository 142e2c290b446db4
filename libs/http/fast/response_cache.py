"""Responses that are kept ready to be sent until what they show has changed, for a second at most.

Who changes something invalidates it everywhere, and nothing is cached while a process cannot hear of that. The age is
the bound for what nobody was told of. See docs/decisions/0016-cache-hot-products.md.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Final
from uuid import UUID

from prometheus_client import Counter
from starlette.responses import Response
from starlette.routing import BaseRoute

# Of one answer. A longer one takes the place of many, and gains least.
MAX_BODY: Final = 16 * 1024
# Seconds from when what it shows began to be read.
MAX_AGE: Final = 1.0

HITS = Counter("http_cache_hits_total", "Requests answered from memory, without the database")


@dataclass(frozen=True, slots=True)
class CachedResponse:
    about: UUID
    read_at: float
    route: BaseRoute
    headers: list[tuple[bytes, bytes]]
    body: bytes
    tag: str


@dataclass(eq=False, slots=True)
class PendingRead:
    """A request on its way through the database. What it finds may be old by the time it comes back."""

    read_at: float
    about: UUID | None = None
    invalidated_meanwhile: set[UUID] = field(default_factory=set)
    is_void: bool = False

    def shows(self, about: UUID) -> None:
        """Others may be shown the same."""
        self.about = about

    @property
    def is_current(self) -> bool:
        return not self.is_void and self.about not in self.invalidated_meanwhile


class ResponseCache:
    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[str, CachedResponse] = OrderedDict()
        self._paths: defaultdict[UUID, set[str]] = defaultdict(set)
        self._readings: set[PendingRead] = set()
        self._is_enabled = False

    def get(self, path: str) -> CachedResponse | None:
        answer = self._answers.get(path)
        if answer is None:
            return None
        if monotonic() - answer.read_at > MAX_AGE:
            self._drop(path)
            return None
        self._answers.move_to_end(path)
        return answer

    @contextmanager
    def reading(self) -> Iterator[PendingRead]:
        reading = PendingRead(monotonic(), is_void=not self._is_enabled)
        self._readings.add(reading)
        try:
            yield reading
        finally:
            self._readings.discard(reading)

    def put(self, path: str, reading: PendingRead, route: BaseRoute, response: Response) -> None:
        """Unless what was read may have changed since the reading began."""
        if reading.about is None or not reading.is_current or len(response.body) > MAX_BODY:
            return
        if path in self._answers:
            # What it showed before may have been another thing: one is renamed, and a new one has its name.
            self._drop(path)
        self._answers[path] = CachedResponse(
            reading.about, reading.read_at, route, response.raw_headers, bytes(response.body), response.headers["etag"]
        )
        self._paths[reading.about].add(path)
        if len(self._answers) > self._size:
            self._drop(next(iter(self._answers)))

    def invalidate(self, about: UUID) -> None:
        for reading in self._readings:
            reading.invalidated_meanwhile.add(about)
        for path in tuple(self._paths.get(about, ())):
            self._drop(path)

    def clear(self) -> None:
        for reading in self._readings:
            reading.is_void = True
        self._answers.clear()
        self._paths.clear()

    def enable(self) -> None:
        """From now on this process hears of every change."""
        self._is_enabled = True

    def disable(self) -> None:
        """Changes may have gone by unheard."""
        self._is_enabled = False
        self.clear()

    def __len__(self) -> int:
        return len(self._answers)

    def _drop(self, path: str) -> None:
        about = self._answers.pop(path).about
        self._paths[about].discard(path)
        if not self._paths[about]:
            del self._paths[about]
