"""The signature of what is sent to webhooks, as Standard Webhooks has it: any of its libraries verifies it."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from order_service.webhooks.webhook import SECRET_PREFIX, Secret


def signed_headers(event_id: str, secrets: Sequence[Secret], body: bytes, at: datetime) -> dict[str, str]:
    """The id is the same each time an event is sent, so that a receiver can tell a second copy."""
    timestamp = str(int(at.timestamp()))
    content = b".".join((event_id.encode(), timestamp.encode(), body))
    signatures = (_sign(secret, content) for secret in secrets if secret.is_valid_at(at))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def _sign(secret: Secret, content: bytes) -> str:
    key = base64.b64decode(secret.value.removeprefix(SECRET_PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
