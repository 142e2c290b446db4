"""Bodies about webhooks."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from libs.contracts.events import EVENTS
from libs.http.fields import Body, NotNull, Text, Timestamp, TrimmedText
from order_service.webhooks.webhook import Changes, Webhook, patterns_for

WEBHOOK: dict[str, Any] = {
    "id": "0199f3b1-5c1d-7d0e-b7a2-3e9f4c5d6a7b",
    "url": "https://books.example.com/shop-events",
    "types": ["order.paid", "order.refunded"],
    "description": "Bookkeeping",
    "is_active": True,
    "disabled_reason": None,
    "failing_since": None,
    "version": 1,
    "created_at": "2026-03-01T12:00:00.000000Z",
    "updated_at": "2026-03-01T12:00:00.000000Z",
}

# "*" last, behind all of which it is the sum.
PATTERNS = tuple(dict.fromkeys(sorted((each for event in EVENTS for each in patterns_for(event.type)), reverse=True)))


def _known(pattern: str) -> str:
    if pattern not in PATTERNS:
        raise ValueError(f"there are no such events; there are {', '.join(PATTERNS)}")
    return pattern


def _each_once(patterns: list[str]) -> list[str]:
    return list(dict.fromkeys(patterns))


Url = Annotated[TrimmedText, StringConstraints(min_length=1, max_length=2000)]
Types = Annotated[
    list[Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(PATTERNS)})]],
    Field(
        min_length=1,
        max_length=len(PATTERNS),
        description="Which events it gets: one type, all of one kind (`order.*`), or all (`*`).",
    ),
    AfterValidator(_each_once),
]
Description = Annotated[Text, StringConstraints(max_length=500)]
Flag = Annotated[bool, Field(strict=True)]


class WebhookCreate(Body):
    model_config = ConfigDict(json_schema_extra={"example": {k: WEBHOOK[k] for k in ("url", "types", "description")}})

    url: Annotated[Url, Field(description="https, unless settings allow http; a public address.")]
    types: Types
    description: Description | None = None
    is_active: Flag = True


class WebhookUpdate(Body):
    """What is absent stays as it is; null empties the description."""

    model_config = ConfigDict(json_schema_extra={"example": {"types": ["order.*"], "is_active": True}})

    url: Annotated[Url | None, NotNull] = None
    types: Annotated[Types | None, NotNull] = None
    description: Description | None = None
    is_active: Annotated[
        Flag | None,
        NotNull,
        Field(description="Pending deliveries wait until it is enabled again."),
    ] = None

    @property
    def changes(self) -> Changes:
        changes: Changes = {}
        if self.url is not None:
            changes["url"] = self.url
        if self.types is not None:
            changes["types"] = tuple(self.types)
        if "description" in self.model_fields_set:
            changes["description"] = self.description
        if self.is_active is not None:
            changes["is_active"] = self.is_active
        return changes


class WebhookResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": WEBHOOK})

    id: UUID
    url: str
    types: list[str]
    description: str | None
    is_active: bool
    disabled_reason: str | None = Field(description="Why the shop itself has disabled it.")
    failing_since: Timestamp | None = Field(description="The first failure since the last success.")
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class WebhookWithSecretResponse(WebhookResponse):
    model_config = ConfigDict(
        json_schema_extra={"example": {**WEBHOOK, "secret": "whsec_c2hvd24gb25jZTsga2VlcCBpdCBzYWZlLCBwbGVhc2U="}}
    )

    secret: str = Field(description="Signs the deliveries. It is shown only once.")


def to_response(webhook: Webhook) -> dict[str, Any]:
    return {name: getattr(webhook, name) for name in WebhookResponse.model_fields}


def to_response_with_secret(webhook: Webhook) -> dict[str, Any]:
    return to_response(webhook) | {"secret": webhook.secrets[0].value}
