"""What happened, when and where: the words of a story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class TimelineEntry:
    at: datetime
    where: str
    """A service or a process."""
    what: str
    is_problem: bool = False
    followed_by: list["TimelineEntry"] = field(default_factory=list)

    def as_json(self) -> Mapping[str, Any]:
        told = {"at": self.at.isoformat(), "where": self.where, "what": self.what, "is_trouble": self.is_problem}
        return {**told, "followed_by": [each.as_json() for each in self.followed_by]}


@dataclass(slots=True)
class TimelineGroup:
    """Everything that one request caused, however far that went."""

    request_id: str
    entries: list[TimelineEntry]

    @property
    def at(self) -> datetime:
        return self.entries[0].at

    def as_json(self) -> Mapping[str, Any]:
        return {"request_id": self.request_id, "moments": [each.as_json() for each in self.entries]}


Timeline = Sequence[TimelineGroup]
