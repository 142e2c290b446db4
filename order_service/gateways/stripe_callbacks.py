"""Stripe's messages, which it calls events, signed in the header `Stripe-Signature`.

Stripe's own check of signatures lets messages from the future pass and fails on bytes that are no text; it is also a
library to load. Theirs is the scheme of `signatures.py`.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from libs.errors import InvalidValue
from order_service.domain.provider import ProviderCallback
from order_service.gateways.mock_callbacks import MessageId
from order_service.gateways.signatures import Signatures

HEADER = "stripe-signature"

OUTCOMES = frozenset(
    {"payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled", "charge.refunded"}
)
"""Others tell of a payment that is still being made. Asking after that one would only get in its way."""


class _Event(BaseModel):
    id: MessageId
    type: str
    data: Any = None


class StripeCallbackVerifier:
    def __init__(self, secret: str) -> None:
        self._signatures = Signatures(secret)

    def read(self, body: bytes, headers: Mapping[str, str]) -> ProviderCallback:
        self._signatures.verify(headers.get(HEADER, ""), body)
        try:
            event = _Event.model_validate_json(body)
        except ValidationError as error:
            raise InvalidValue("The message is not one of Stripe's events.") from error
        return ProviderCallback(event.id, _payment_id(event.data) if event.type in OUTCOMES else None)


def _payment_id(data: Any) -> UUID | None:
    """What the shop wrote on its payment. Others may use the same account, and write there what they like."""
    try:
        return UUID(data["object"]["metadata"]["payment_id"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
