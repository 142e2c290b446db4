"""The key that access tokens are signed with. `python -m auth_service.core.keys PATH` makes one."""

import base64
import hashlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwk
from jose.backends.base import Key

from libs.tokens.keys import ALGORITHM

COORDINATE_BYTES = 32


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`key` is made once: reading the PEM for each token would cost three hundred times what signing does."""

    kid: str
    key: Key
    public: dict[str, str]

    @classmethod
    def load(cls, path: Path) -> Self:
        pem = path.read_bytes()
        private = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise TypeError(f"{path} holds no private key on the curve P-256.")
        numbers = private.public_key().public_numbers()
        point = {"crv": "P-256", "kty": "EC", "x": _base64url(numbers.x), "y": _base64url(numbers.y)}
        kid = _thumbprint(point)
        public = point | {"kid": kid, "alg": ALGORITHM, "use": "sig"}
        return cls(kid, jwk.construct(pem.decode(), ALGORITHM), public)

    @property
    def jwks(self) -> dict[str, Any]:
        """The JWK set (RFC 7517) that others verify with."""
        return {"keys": [self.public]}


def write_new_key(path: Path) -> bool:
    """Writes a private key that only this user may read, whole or not at all. False if there is a file already."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes files of mode 0600.
    descriptor, written = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(descriptor)
        # Unlike a rename, a link never takes the place of a file that is there.
        os.link(written, path)
    except FileExistsError:
        return False
    finally:
        Path(written).unlink()
    return True


def _thumbprint(point: dict[str, str]) -> str:
    """RFC 7638: the hash of the key's necessary members in order. The same key has the same id for ever."""
    canonical = json.dumps(point, sort_keys=True, separators=(",", ":"))
    return _unpadded(hashlib.sha256(canonical.encode()).digest())


def _base64url(coordinate: int) -> str:
    return _unpadded(coordinate.to_bytes(COORDINATE_BYTES, "big"))


def _unpadded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m auth_service.core.keys PATH\n")
        return 2
    path = Path(arguments[0])
    made = write_new_key(path)
    sys.stdout.write(f"{path} {'written' if made else 'is there already; nothing changed'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
