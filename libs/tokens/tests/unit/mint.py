"""Makes keys and tokens, honest ones and forged ones, without the library that verifies them."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Json = dict[str, Any]
USER_ID = "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e"


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def segment(value: Any) -> str:
    return b64(value if isinstance(value, bytes) else json.dumps(value).encode())


class Mint:
    def __init__(self, kid: str = "k1") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.kid = kid

    @property
    def jwk(self) -> Json:
        numbers = self._key.public_key().public_numbers()
        x, y = (b64(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.kid, "alg": "ES256", "use": "sig"}

    @property
    def jwks(self) -> Json:
        return {"keys": [self.jwk]}

    @property
    def public_pem(self) -> bytes:
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def header(self, **changes: Any) -> Json:
        return {"alg": "ES256", "typ": "JWT", "kid": self.kid, **changes}

    def claims(self, **changes: Any) -> Json:
        now = int(time.time())
        honest = {
            "sub": USER_ID,
            "role": "user",
            "username": "ada",
            "iat": now,
            "exp": now + 900,
            "jti": "1",
            "iss": "shop-auth",
            "aud": "shop",
        }
        return {name: value for name, value in (honest | changes).items() if value is not ...}

    def token(self, header: Any = None, claims: Any = None) -> str:
        """Signed with this mint's key, whatever it says."""
        head = segment(self.header() if header is None else header)
        body = segment(self.claims() if claims is None else claims)
        signed = f"{head}.{body}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def with_mac(self, secret: bytes, algorithm: str = "HS256") -> str:
        """Signed as HS256 with something public as the secret."""
        signed = f"{segment(self.header(alg=algorithm))}.{segment(self.claims(role='admin'))}"
        return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"
