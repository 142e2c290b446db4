import json
import time
from uuid import UUID

import pytest
from jose.backends.base import Key

from libs.tokens import verifier as verifier_module
from libs.tokens.keys import LocalKeys
from libs.tokens.principal import InvalidToken, Principal
from libs.tokens.tests.unit.mint import USER_ID, Mint, b64, segment
from libs.tokens.verifier import CACHE_TTL, TokenVerifier

MINT, OTHER = Mint(), Mint()
VERIFIER = TokenVerifier(LocalKeys(MINT.jwks), issuer="shop-auth", audience="shop")


async def test_an_honest_token_tells_who_bears_it() -> None:
    claims = MINT.claims(role="admin")
    assert await VERIFIER.verify(MINT.token(claims=claims)) == Principal(UUID(USER_ID), "ada", "admin", claims["exp"])


def bent(position: int) -> str:
    """An honest token with one bit of its signature turned."""
    head, body, signature = MINT.token().split(".")
    letter = "B" if signature[position] == "A" else "A"
    return f"{head}.{body}.{signature[:position]}{letter}{signature[position + 1 :]}"


def swapped(**changes: object) -> str:
    """An honest signature below other claims."""
    head, _, signature = MINT.token().split(".")
    return f"{head}.{segment(MINT.claims(**changes))}.{signature}"


def unsigned(algorithm: str) -> str:
    return f"{segment(MINT.header(alg=algorithm))}.{segment(MINT.claims(role='admin'))}."


FORGED = {
    "another's key": OTHER.token(),
    "unknown kid": MINT.token(MINT.header(kid="k2")),
    "kid that is no text": MINT.token(MINT.header(kid=["k1"])),
    "no kid": MINT.token({"alg": "ES256"}),
    "own key in the header": OTHER.token(OTHER.header(jwk=OTHER.jwk)),
    "own key elsewhere": OTHER.token(OTHER.header(jku="http://127.0.0.1:9/")),
    "none": unsigned("none"),
    "nOnE": unsigned("nOnE"),
    "no signature": unsigned("ES256"),
    "HS256 with the public key": MINT.with_mac(MINT.public_pem),
    "HS256 with the public key, trimmed": MINT.with_mac(MINT.public_pem.strip()),
    "HS256 with the JWK": MINT.with_mac(json.dumps(MINT.jwk).encode()),
    "HS256 with the kid": MINT.with_mac(b"k1"),
    "HS256 that says ES256": MINT.with_mac(MINT.public_pem, "ES256"),
    "another curve": MINT.token(MINT.header(alg="ES384")),
    "RS256": MINT.token(MINT.header(alg="RS256")),
    "critical extension": MINT.token(MINT.header(crit=["exp"])),
    "bent signature": bent(0),
    "promoted": swapped(role="admin"),
    "prolonged": swapped(exp=2**40),
    "expired": MINT.token(claims=MINT.claims(exp=int(time.time()) - 1)),
    "not yet valid": MINT.token(claims=MINT.claims(nbf=int(time.time()) + 600)),
    "another issuer": MINT.token(claims=MINT.claims(iss="somebody")),
    "another audience": MINT.token(claims=MINT.claims(aud="somebody")),
    "no audience": MINT.token(claims=MINT.claims(aud=...)),
    "no expiry": MINT.token(claims=MINT.claims(exp=...)),
    "no issuer": MINT.token(claims=MINT.claims(iss=...)),
    "no subject": MINT.token(claims=MINT.claims(sub=...)),
    "no moment of issue": MINT.token(claims=MINT.claims(iat=...)),
    "no role": MINT.token(claims=MINT.claims(role=...)),
    "unknown role": MINT.token(claims=MINT.claims(role="owner")),
    "role that is no text": MINT.token(claims=MINT.claims(role=["admin"])),
    "subject that is no id": MINT.token(claims=MINT.claims(sub="1")),
    "expiry that is no number": MINT.token(claims=MINT.claims(exp="soon")),
    "expiry beyond all numbers": MINT.token(claims=b'{"exp": 1e999}'),
    "claims that are no object": MINT.token(claims=[1]),
    "claims that are no JSON": MINT.token(claims=b"\xff"),
    "deep claims": MINT.token(claims=b"[" * 1000),
    "header that is no object": MINT.token([]),
    "header that is no JSON": MINT.token(b"{"),
    "header that is no UTF-8": MINT.token(b"\xff\xfe"),
    "zero signature": f"{MINT.token().rpartition('.')[0]}.{b64(bytes(64))}",
    "short signature": f"{MINT.token().rpartition('.')[0]}.{b64(b'1')}",
    "two parts": MINT.token().rpartition(".")[0],
    "four parts": MINT.token() + ".x",
    "not base64": "$.$.$",
    "dots": "..",
    "nothing": "",
    "NUL": "\x00",
    "not ASCII": "ü.ü.ü",
    "half a surrogate pair": "\ud800",
    "too long": MINT.token(claims=MINT.claims(padding="x" * 5000)),
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_is_refused(name: str) -> None:
    with pytest.raises(InvalidToken):
        await VERIFIER.verify(FORGED[name])


async def test_a_key_of_another_kind_verifies_nothing() -> None:
    secret = {"kty": "oct", "k": b64(b"secret"), "kid": "k1", "alg": "HS256"}
    verifier = TokenVerifier(LocalKeys({"keys": [secret]}), issuer="shop-auth", audience="shop")
    with pytest.raises(InvalidToken):
        await verifier.verify(MINT.with_mac(b"secret"))


class CountedKeys:
    """Counts how often it was asked, and can lose its keys."""

    def __init__(self) -> None:
        self.keys = LocalKeys(MINT.jwks)
        self.asked = 0

    async def key(self, kid: str) -> Key:
        self.asked += 1
        return await self.keys.key(kid)


async def test_a_token_is_verified_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = CountedKeys()
    verifier = TokenVerifier(keys, issuer="shop-auth", audience="shop")
    token, now = MINT.token(), time.time()
    for _ in range(3):
        assert (await verifier.verify(token)).username == "ada"
    assert keys.asked == 1
    keys.keys = LocalKeys(OTHER.jwks)
    monkeypatch.setattr(time, "time", lambda: now + CACHE_TTL + 1)
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_a_remembered_token_expires_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = CountedKeys()
    verifier = TokenVerifier(keys, issuer="shop-auth", audience="shop")
    now = int(time.time())
    token = MINT.token(claims=MINT.claims(exp=now + 5))
    await verifier.verify(token)
    monkeypatch.setattr(time, "time", lambda: now + 5.0)
    await verifier.verify(token)
    assert keys.asked == 2


async def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier_module, "CACHE_SIZE", 2)
    verifier = TokenVerifier(LocalKeys(MINT.jwks), issuer="shop-auth", audience="shop")
    for number in range(5):
        await verifier.verify(MINT.token(claims=MINT.claims(jti=str(number))))
    assert len(verifier._verified) == 2  # noqa: SLF001 - memory is seen nowhere else.


async def test_a_token_that_is_verified_again_is_the_last_to_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier_module, "CACHE_SIZE", 2)
    keys = CountedKeys()
    verifier = TokenVerifier(keys, issuer="shop-auth", audience="shop")
    first, second, third = (MINT.token(claims=MINT.claims(jti=str(number))) for number in range(3))
    now = time.time()
    await verifier.verify(first)
    await verifier.verify(second)
    monkeypatch.setattr(time, "time", lambda: now + CACHE_TTL + 1)
    await verifier.verify(first)
    await verifier.verify(third)
    asked = keys.asked
    await verifier.verify(first)
    assert keys.asked == asked
