"""What clients were told of their writes, against what there is when everything has come to rest."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

CREATED: Final = "created"
NOWHERE: Final = "nowhere"


@dataclass(slots=True)
class Entry:
    """One thing that a client made, and all the states that it may be in by what the client knows.

    A request that got no answer may have been carried out or not.
    """

    mark: str
    """The client's own name for it, by which it can be found even if nobody ever told its id."""
    possible: frozenset[str] = frozenset({NOWHERE})
    id: str | None = None

    def asked_for(self, *states: str) -> None:
        self.possible |= set(states)

    def became(self, *states: str) -> None:
        self.possible = frozenset(states)


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    mark: str | None
    """None: it is gone, and its id is all that is left."""
    state: str


@dataclass(slots=True)
class Findings:
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    @property
    def numbers(self) -> str:
        """The four of them."""
        found = {name: len(getattr(self, name)) for name in ("lost", "duplicated", "unexpected")}
        return ", ".join((f"{self.acknowledged} writes acknowledged", *(f"{n} {name}" for name, n in found.items())))


class WriteLog:
    def __init__(self) -> None:
        self.acknowledged = 0
        self._entries: dict[str, dict[str, Entry]] = defaultdict(dict)

    def new(self, kind: str, mark: str) -> Entry:
        entry = self._entries[kind][mark] = Entry(mark)
        return entry

    def check(self, kind: str, rows: Iterable[Row], findings: Findings) -> None:
        entries = self._entries[kind]
        by_id = {entry.id: entry for entry in entries.values() if entry.id is not None}
        found: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            entry = by_id.get(row.id) or entries.get(row.mark or "")
            if entry is None:
                findings.unexpected.append(f"{kind} {row}")
            else:
                found[entry.mark].append(row)
        for mark, entry in entries.items():
            seen = found.get(mark, [])
            if len(seen) > 1:
                findings.duplicated.append(f"{kind} {seen}")
            elif (seen[0].state if seen else NOWHERE) not in entry.possible:
                findings.lost.append(f"{kind} {entry}: {seen}")
