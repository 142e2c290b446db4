"""Messages of the invented provider: `Shop-Signature: t=<Unix seconds>,v1=<HMAC-SHA256 of "t.body" in hex>`."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from uuid import UUID

from pydantic import BaseModel, ValidationError

from libs.refusals import InvalidValue
from order_service.domain.provider import ProviderMessage
from order_service.exceptions import InvalidSignature

HEADER = "shop-signature"
TOLERANCE = 300
"""Seconds. A message that was recorded and is played back later is refused."""


class _Message(BaseModel):
    id: str
    payment_id: UUID | None = None


class SignedMessages:
    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def read(self, body: bytes, headers: Mapping[str, str]) -> ProviderMessage:
        fields = dict(part.strip().partition("=")[::2] for part in headers.get(HEADER, "").split(","))
        at, given = fields.get("t", ""), fields.get("v1", "")
        if not hmac.compare_digest(given.encode(), self.sign(at, body).encode()):
            raise InvalidSignature("The message is not signed with the secret that was agreed on.")
        if not at.isascii() or not at.isdigit() or abs(time.time() - int(at)) > TOLERANCE:
            raise InvalidSignature("The message was signed too long ago.")
        try:
            message = _Message.model_validate_json(body)
        except ValidationError as error:
            raise InvalidValue("The message has no id.") from error
        return ProviderMessage(message.id, message.payment_id)

    def sign(self, at: str, body: bytes) -> str:
        return hmac.new(self._secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
