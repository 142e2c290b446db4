"""Who intervenes, and why."""

import getpass
from dataclasses import dataclass
from typing import Self

from ops.oversight.readable import printable


@dataclass(frozen=True, slots=True)
class Account:
    operator: str
    reason: str

    @classmethod
    def of(cls, operator: str | None, reason: str) -> Self:
        who, why = (printable(text).strip() for text in (operator or _login_name(), reason))
        if not who or not why:
            raise ValueError("an intervention needs a name and a reason")
        return cls(who, why)


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container has no names for its numbers.
        raise ValueError("nobody is logged in here: say who you are with --as NAME") from None
