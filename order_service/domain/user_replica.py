"""What order_service knows of the shop's users."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UserReplica:
    """A user at one of their versions."""

    id: UUID
    username: str
    email: str
    role: str
    is_active: bool
    version: int
