"""When somebody has guessed often enough."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth_service.exceptions import TooManyAttempts

WINDOW = timedelta(minutes=5)
ACCOUNT_LIMIT = 10
ADDRESS_LIMIT = 200


@dataclass(frozen=True, slots=True)
class FailureCount:
    """Attempts of the last `WINDOW` that have failed or are still being checked, and when the oldest was made."""

    for_account: int
    oldest_for_account: datetime | None
    from_address: int
    oldest_from_address: datetime | None

    def refuse_if_too_many(self, now: datetime) -> None:
        """An account is guarded for each address alone: nobody can lock the owner out from elsewhere."""
        for count, limit, oldest in (
            (self.for_account, ACCOUNT_LIMIT, self.oldest_for_account),
            (self.from_address, ADDRESS_LIMIT, self.oldest_from_address),
        ):
            if count >= limit and oldest is not None:
                raise TooManyAttempts(max(1, math.ceil((oldest + WINDOW - now).total_seconds())))
