"""Verifying an access token. Issuing one stays in auth_service."""

import time
from collections import OrderedDict
from typing import Any, Final, get_args
from uuid import UUID

from jose import jws, jwt
from jose.exceptions import JOSEError

from libs.tokens.keys import ALGORITHM, KeySource
from libs.tokens.principal import InvalidToken, Principal, Role

REQUIRED = ("exp", "iat", "aud", "iss", "sub")
# A token is a few hundred bytes; a longer one is not ours and not worth decoding.
MAX_LENGTH = 4096
# A token that was verified is believed for so many seconds, during which it does not matter if its key is withdrawn.
# Whether its user is blocked is asked for each time, by whoever has it verified.
CACHE_TTL: Final = 60.0
CACHE_SIZE: Final = 4096


class TokenVerifier:
    def __init__(self, keys: KeySource, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._verified: OrderedDict[str, tuple[Principal, float]] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """Raises `InvalidToken`, or `KeysUnavailable` while the key cannot be had."""
        known = self._verified.get(token)
        if known is not None and time.time() < known[1]:
            return known[0]
        principal = await self._verify(token)
        self._verified[token] = principal, min(time.time() + CACHE_TTL, principal.expires_at)
        # One that was known before kept its old place, and is the newest now.
        self._verified.move_to_end(token)
        if len(self._verified) > CACHE_SIZE:
            self._verified.popitem(last=False)
        return principal

    async def _verify(self, token: str) -> Principal:
        """The algorithm is the key's, never the token's: `none` and HS256 with the public key as secret are refused."""
        if len(token) > MAX_LENGTH:
            raise InvalidToken("The token is not one of this shop's.")
        try:
            header = jws.get_unverified_header(token)
            kid = header.get("kid")
            if header.get("alg") != ALGORITHM or "crit" in header or not isinstance(kid, str):
                raise InvalidToken("The token is not one of this shop's.")
            claims = jwt.decode(
                token,
                await self._keys.key(kid),
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                options={f"require_{claim}": True for claim in REQUIRED},
            )
            return _principal(claims)
        except (JOSEError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise InvalidToken("The token is forged, damaged or expired.") from error


def _principal(claims: dict[str, Any]) -> Principal:
    role = claims["role"]
    if role not in get_args(Role):
        raise ValueError(role)
    return Principal(UUID(claims["sub"]), str(claims["username"]), role, int(claims["exp"]))
