"""Who intervenes, and why."""

from dataclasses import dataclass
from typing import Self

from ops.admin.formatting import printable


@dataclass(frozen=True, slots=True)
class OperatorIdentity:
    operator: str
    reason: str

    @classmethod
    def of(cls, operator: str, reason: str) -> Self:
        who, why = (printable(text).strip() for text in (operator, reason))
        if not who or not why:
            raise ValueError("an intervention needs a name and a reason")
        return cls(who, why)
