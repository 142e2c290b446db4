"""How payment providers sign what they send: `t=<Unix seconds>,v1=<HMAC-SHA256 of "t.body" in hex>`.

Both the invented provider and Stripe do it like this, under headers of their own.
"""

import hashlib
import hmac
import re
import time

from order_service.exceptions import InvalidSignature

TOLERANCE = 300
"""Seconds. A message that was recorded and is played back later is refused."""

MOMENT = re.compile(r"[0-9]{1,12}")


class Signatures:
    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def verify(self, header: str, body: bytes) -> None:
        """Raises `InvalidSignature`. Of several signatures one must fit: a secret that is being replaced signs too."""
        fields = [part.strip().partition("=")[::2] for part in header.split(",")]
        moments = [value for name, value in fields if name == "t"]
        given = [value for name, value in fields if name == "v1"]
        if len(moments) != 1 or not MOMENT.fullmatch(moments[0]):
            raise InvalidSignature("The signature does not say when it was made.")
        expected = self.sign(moments[0], body).encode()
        if not any(hmac.compare_digest(each.encode(), expected) for each in given):
            raise InvalidSignature("The message is not signed with the secret that was agreed on.")
        if abs(time.time() - int(moments[0])) > TOLERANCE:
            raise InvalidSignature("The message was signed too long ago.")

    def sign(self, at: str, body: bytes) -> str:
        return hmac.new(self._secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
