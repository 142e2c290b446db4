"""Public keys of tokens, by key id."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Protocol

import httpx
import structlog
from jose import jwk
from jose.backends.base import Key
from jose.exceptions import JOSEError

from libs.tokens.principal import InvalidToken, KeysUnavailable

log = structlog.stdlib.get_logger(__name__)

ALGORITHM = "ES256"
FETCH_TIMEOUT = 2.0
# Seconds between two fetches for key ids that were not found: forged ids must not make us flood auth_service.
MIN_REFETCH = 10.0
# The same after a failure: requests must not stand in line, each to wait for auth_service in vain.
MIN_RETRY = 1.0


class KeySource(Protocol):
    async def key(self, kid: str) -> Key:
        """Raises `InvalidToken` if no such key exists, `KeysUnavailable` if that cannot be found out now."""


def construct_keys(jwks: Any) -> dict[str, Key]:
    """The ES256 keys of a JWK set (RFC 7517), each constructed once: that is most of what verifying costs.

    Keys of another kind are left out, so that no token can choose how it is verified. Raises ValueError for anything
    that is no JWK set.
    """
    entries = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(entries, list):
        raise ValueError("This is no JWK set.")  # noqa: TRY004 - a value from outside, not a slip of the caller.
    keys: dict[str, Key] = {}
    for entry in entries:
        if isinstance(entry, dict) and _is_ours(entry):
            try:
                keys[entry["kid"]] = jwk.construct(entry, ALGORITHM)
            except JOSEError:
                log.warning("unusable_key", kid=entry["kid"])
    return keys


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return entry.get("kty") == "EC" and entry.get("crv") == "P-256" and isinstance(entry.get("kid"), str)


class RemoteKeys:
    """Keys that auth_service publishes. Those once fetched keep working while auth_service is away."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url
        self._client = client
        self._keys: dict[str, Key] = {}
        self._tried_at = float("-inf")
        self._failed = False
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> Key:
        if kid not in self._keys:
            async with self._lock:
                if kid not in self._keys and self._is_due():
                    await self._fetch()
        try:
            return self._keys[kid]
        except KeyError:
            if self._failed:
                raise KeysUnavailable("The token cannot be verified while auth_service is away.") from None
            raise InvalidToken("The token was signed with a key that is not known.") from None

    def _is_due(self) -> bool:
        return time.monotonic() - self._tried_at >= (MIN_RETRY if self._failed else MIN_REFETCH)

    async def _fetch(self) -> None:
        try:
            response = await self._client.get(self._url, timeout=FETCH_TIMEOUT)
            response.raise_for_status()
            self._keys = construct_keys(response.json())
        except (httpx.HTTPError, ValueError) as error:
            self._failed = True
            log.warning("keys_not_fetched", error=repr(error))
        else:
            self._failed = False
        self._tried_at = time.monotonic()


class LocalKeys:
    """Keys at hand: auth_service verifies with what it publishes."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        self._keys = construct_keys(jwks)

    async def key(self, kid: str) -> Key:
        try:
            return self._keys[kid]
        except KeyError:
            raise InvalidToken("The token was signed with a key that is not known.") from None
