"""Somebody who holds a token, signed with a key of the tests' own."""

import time
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk, jwt

from libs.process.ids import new_id
from libs.tokens.keys import ALGORITHM

KID = "tests"


class Issuer:
    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self._pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        public: dict[str, Any] = jwk.construct(self._pem, ALGORITHM).public_key().to_dict()
        self.jwks = {"keys": [{**public, "kid": KID}]}

    def token(self, role: str, user_id: UUID | None = None) -> str:
        now = int(time.time())
        claims = {
            "sub": str(user_id or new_id()),
            "role": role,
            "username": f"some-{role}",
            "iat": now,
            "exp": now + 900,
            "iss": "shop-auth",
            "aud": "shop",
        }
        return jwt.encode(claims, self._pem, ALGORITHM, headers={"kid": KID})
