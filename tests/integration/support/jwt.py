"""Tokens as an attacker would make them. Nothing here knows the shop's private key."""

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Claims = dict[str, Any]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header(token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(unb64(token.partition(".")[0]))
    return found


def claims(token: str) -> Claims:
    found: Claims = json.loads(unb64(token.split(".")[1]))
    return found


def signing_input(head: dict[str, Any], body: Claims) -> str:
    return f"{b64(json.dumps(head).encode())}.{b64(json.dumps(body).encode())}"


def es256(head: dict[str, Any], body: Claims, key: ec.EllipticCurvePrivateKey) -> str:
    message = signing_input(head, body)
    r, s = decode_dss_signature(key.sign(message.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{message}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def hs256(head: dict[str, Any], body: Claims, secret: bytes) -> str:
    message = signing_input(head, body)
    return f"{message}.{b64(hmac.new(secret, message.encode(), hashlib.sha256).digest())}"


def public_key(jwk: dict[str, str]) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(unb64(jwk[part]), "big") for part in "xy")
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def jwk_of(key: ec.EllipticCurvePublicKey, kid: str) -> dict[str, str]:
    numbers = key.public_numbers()
    x, y = (b64(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y}


def public_forms(jwk: dict[str, str]) -> dict[str, bytes]:
    """The published key in every form that somebody might use as an HMAC secret."""
    key = public_key(jwk)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return {
        "pem": key.public_bytes(serialization.Encoding.PEM, spki),
        "der": key.public_bytes(serialization.Encoding.DER, spki),
        "jwk": json.dumps(jwk).encode(),
        "empty": b"",
    }


def forgeries(genuine: str, jwk: dict[str, str]) -> dict[str, str]:
    """Every forgery we know, by name, each claiming to be the bearer of a genuine token."""
    head, body = header(genuine), claims(genuine)
    mine = ec.generate_private_key(ec.SECP256R1())
    own = jwk_of(mine.public_key(), "mine")
    raw_head, raw_body, signature = genuine.split(".")
    promoted = b64(json.dumps({**body, "role": "admin"}).encode())
    forged = {
        "own key under the real kid": es256(head, body, mine),
        "unknown kid": es256({**head, "kid": "mine"}, body, mine),
        "no kid": es256({"alg": "ES256", "typ": "JWT"}, body, mine),
        "kid of another type": es256({**head, "kid": [1]}, body, mine),
        "kid as a path": es256({**head, "kid": "../../../dev/null"}, body, mine),
        "own key in the header": es256({**head, "kid": "mine", "jwk": own}, body, mine),
        "own key under an address": es256({**head, "jku": "http://127.0.0.1:9/jwks.json"}, body, mine),
        "critical extension": es256({**head, "crit": ["exp"]}, body, mine),
        "wrong issuer": es256(head, {**body, "iss": "somebody"}, mine),
        "wrong audience": es256(head, {**body, "aud": "somebody"}, mine),
        "expired": es256(head, {**body, "iat": 1, "exp": 2}, mine),
        "promoted payload": f"{raw_head}.{promoted}.{signature}",
        "no signature": f"{raw_head}.{raw_body}.",
        "two parts": f"{raw_head}.{raw_body}",
        "flipped signature": f"{raw_head}.{raw_body}.{b64(bytes([unb64(signature)[0] ^ 1]) + unb64(signature)[1:])}",
        "zero signature": f"{raw_head}.{raw_body}.{b64(bytes(64))}",
        "payload that is no object": es256(head, [1], mine),  # type: ignore[arg-type] # the attack
        "header that is no object": f"{b64(b'[]')}.{raw_body}.{signature}",
        "not base64": "$.$.$",
        "dots": "..",
        "text": "nonsense",
    }
    for algorithm in ("none", "None", "NONE", "nOnE"):
        forged[f"alg {algorithm}"] = f"{signing_input({**head, 'alg': algorithm}, body)}."
    for name, secret in public_forms(jwk).items():
        forged[f"HS256 with the public {name}"] = hs256({**head, "alg": "HS256"}, body, secret)
    return forged
