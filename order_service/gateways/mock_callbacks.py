"""Messages of the invented provider: a JSON body with an id, signed in the header `Shop-Signature`."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, StringConstraints, ValidationError

from libs.errors import InvalidValue
from order_service.domain.provider import ProviderCallback
from order_service.gateways.signatures import Signatures

HEADER = "shop-signature"

MessageId = Annotated[str, StringConstraints(min_length=1, max_length=255)]
"""It becomes a key in the database, which takes no longer ones."""


class _Message(BaseModel):
    id: MessageId
    payment_id: UUID | None = None


class MockCallbackVerifier:
    def __init__(self, secret: str) -> None:
        self._signatures = Signatures(secret)

    def read(self, body: bytes, headers: Mapping[str, str]) -> ProviderCallback:
        self._signatures.verify(headers.get(HEADER, ""), body)
        try:
            message = _Message.model_validate_json(body)
        except ValidationError as error:
            raise InvalidValue("The message has no id.") from error
        return ProviderCallback(message.id, message.payment_id)

    def sign(self, at: str, body: bytes) -> str:
        return self._signatures.sign(at, body)
