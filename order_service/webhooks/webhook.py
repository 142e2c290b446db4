"""Webhooks: endpoints outside the shop that get its events, and the secrets that sign them."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self, TypedDict
from uuid import UUID

MAX_WEBHOOKS = 50
SECRET_OVERLAP = timedelta(hours=24)
MAX_SECRETS = 5
"""Signatures of all of them go into one header."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - by which libraries recognise a secret.

CLOCK_SKEW = timedelta(minutes=1)
"""What happened shortly after a registration must not seem to have happened before it."""
DISABLE_AFTER = timedelta(days=5)
"""A webhook whose receiver has accepted nothing for this long is disabled,"""
DISABLE_AFTER_FAILURES = 10
"""unless there were so few attempts that it may have been bad luck."""

GONE_REASON = "The receiver answered 410 Gone."


@dataclass(frozen=True, slots=True)
class Secret:
    """Shared with the receiver. `until` is when one that was replaced stops signing."""

    value: str = field(repr=False)
    until: datetime | None = None

    @classmethod
    def generate(cls) -> Self:
        return cls(SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode())

    def is_valid_at(self, moment: datetime) -> bool:
        return self.until is None or moment < self.until


class Changes(TypedDict, total=False):
    """What an admin may change; what is absent stays."""

    url: str
    types: tuple[str, ...]
    description: str | None
    is_active: bool


@dataclass(slots=True)
class Webhook:
    id: UUID
    url: str
    types: tuple[str, ...]
    description: str | None
    is_active: bool
    secrets: tuple[Secret, ...]
    """The present one first."""
    subscribed_since: Mapping[str, datetime]
    """For each of the types. It does not get what happened before."""
    disabled_reason: str | None
    """Why the shop itself has disabled it."""
    failing_since: datetime | None
    failures: int
    """Attempts in a row that failed."""
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(
        cls, webhook_id: UUID, url: str, types: Sequence[str], description: str | None, is_active: bool, now: datetime
    ) -> Self:
        return cls(
            id=webhook_id,
            url=url,
            types=tuple(types),
            description=description,
            is_active=is_active,
            secrets=(Secret.generate(),),
            subscribed_since=dict.fromkeys(types, now),
            disabled_reason=None,
            failing_since=None,
            failures=0,
            version=1,
            created_at=now,
            updated_at=now,
        )

    def change(self, changes: Changes, now: datetime) -> None:
        wanted = {name: value for name, value in changes.items() if value != getattr(self, name)}
        if not wanted:
            return
        for name, value in wanted.items():
            setattr(self, name, value)
        if "url" in wanted or "is_active" in wanted:
            # It gets a new chance.
            self.record_success()
        if "is_active" in wanted:
            self.disabled_reason = None
            if self.is_active:
                self.subscribed_since = {}
        self.subscribed_since = {each: self.subscribed_since.get(each, now) for each in self.types}
        self._changed(now)

    def rotate_secret(self, now: datetime) -> None:
        """The old ones go on signing beside the new one for a while, so that receivers can change over."""
        present, *older = self.secrets
        replaced = Secret(present.value, now + SECRET_OVERLAP)
        still = [secret for secret in (replaced, *older) if secret.is_valid_at(now)]
        self.secrets = (Secret.generate(), *still)[:MAX_SECRETS]
        self._changed(now)

    def record_success(self) -> None:
        self.failing_since = None
        self.failures = 0

    def record_failure(self, url: str, now: datetime, *, is_gone: bool) -> None:
        """An attempt at that URL has failed. Disables itself if more of them are of no use."""
        if url != self.url or not self.is_active:
            return
        self.failures += 1
        self.failing_since = self.failing_since or now
        if is_gone:
            self._disable(GONE_REASON, now)
        elif self.failures >= DISABLE_AFTER_FAILURES and now - self.failing_since >= DISABLE_AFTER:
            self._disable(f"Each of {self.failures} attempts since {self.failing_since:%Y-%m-%d} has failed.", now)

    def _disable(self, reason: str, now: datetime) -> None:
        self.is_active = False
        self.disabled_reason = reason
        self._changed(now)

    def _changed(self, now: datetime) -> None:
        self.version += 1
        self.updated_at = now


@dataclass(frozen=True, slots=True)
class Subscription:
    webhook_id: UUID
    since: Mapping[str, datetime]
    """For each type that the webhook asks for."""

    def matches(self, event_type: str, at: datetime) -> bool:
        """Whether the webhook gets an event of that type that happened then."""
        asked_for = (self.since[each] for each in patterns_for(event_type) if each in self.since)
        return any(since <= at + CLOCK_SKEW for since in asked_for)


def patterns_for(event_type: str) -> tuple[str, ...]:
    """What a webhook may ask for to get events of that type."""
    return (event_type, event_type.partition(".")[0] + ".*", "*")
