"""Who changes or reads an order."""

from dataclasses import dataclass
from uuid import UUID

CATALOG = "catalog"
"""How the history calls catalog_service, whose answers about stock move orders on."""

PAYMENTS = "payments"
"""How it calls what the payment provider says."""

TIMER = "timer"
"""How it calls the passing of time."""

ERASURE = "erasure"
"""How it calls the removal of what named a customer who is gone."""

DELETED_USER_NAME = "deleted user"
"""What is shown where their name was. No username has a space."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who is signed in."""

    user_id: UUID
    username: str
    is_admin: bool

    @property
    def name(self) -> str:
        """How the history calls them. Ids, because usernames change hands."""
        return f"{'admin' if self.is_admin else 'user'}:{self.user_id}"
