"""What is known of requests that carry an `Idempotency-Key`, as a contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from libs.errors import DomainError, ErrorKind


class IdempotencyKeyReused(DomainError):
    """The idempotency key was used for another request."""

    kind = ErrorKind.INVALID
    code = "idempotency_key_reused"


class RequestInProgress(DomainError):
    """The first request with this idempotency key is still running."""

    kind = ErrorKind.CONFLICT
    code = "request_in_progress"


@dataclass(frozen=True, slots=True)
class StoredResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """A request's right to do what the key stands for, until it ends it or takes too long for it."""

    user_id: UUID
    key: str
    id: UUID
    resource_id: UUID
    """The id of what the request makes. The key keeps it, so that whoever claims it next makes no second one."""


class IdempotencyKeys(Protocol):
    """Each user's own. A claim that is no longer its request's own can be ended without consequence."""

    async def claim(self, user_id: UUID, key: str, fingerprint: bytes) -> Claim | StoredResponse:
        """The answer if there is one already. Raises `IdempotencyKeyReused` and `RequestInProgress`."""

    async def complete(self, claim: Claim, answer: StoredResponse) -> None:
        """It is done, and this is what everybody hears of it from now on."""

    async def discard(self, claim: Claim) -> None:
        """It was refused: nothing came of it, and a request with this key is the first again.

        Unless an earlier one got lost, which may still be under way: then the key keeps its id.
        """

    async def release(self, claim: Claim, *, outcome_unknown: bool) -> None:
        """The next may claim the key at once. In doubt: nobody knows whether something came of it."""
