"""What happened, when and where: the words of a story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Moment:
    at: datetime
    where: str
    """A service or a process."""
    what: str
    is_trouble: bool = False
    followed_by: list["Moment"] = field(default_factory=list)

    def as_json(self) -> Mapping[str, Any]:
        told = {"at": self.at.isoformat(), "where": self.where, "what": self.what, "is_trouble": self.is_trouble}
        return {**told, "followed_by": [each.as_json() for each in self.followed_by]}


@dataclass(slots=True)
class Chapter:
    """Everything that one request caused, however far that went."""

    request_id: str
    moments: list[Moment]

    @property
    def at(self) -> datetime:
        return self.moments[0].at

    def as_json(self) -> Mapping[str, Any]:
        return {"request_id": self.request_id, "moments": [each.as_json() for each in self.moments]}


Story = Sequence[Chapter]
