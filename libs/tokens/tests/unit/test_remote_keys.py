import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from libs.tokens import keys
from libs.tokens.keys import RemoteKeys
from libs.tokens.principal import InvalidToken, KeysUnavailable
from libs.tokens.tests.unit.mint import Mint

URL = "http://auth/.well-known/jwks.json"


class Auth:
    """auth_service, as far as its keys go."""

    def __init__(self) -> None:
        self.jwks: Any = Mint("k1").jwks
        self.away = False
        self.asked = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == URL
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise httpx.ConnectError("nobody there")
        return httpx.Response(200, json=self.jwks)


@pytest.fixture
def auth() -> Auth:
    return Auth()


@pytest.fixture
async def remote(auth: Auth) -> AsyncIterator[RemoteKeys]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(auth)) as client:
        yield RemoteKeys(URL, client)


async def test_keys_are_fetched_once_however_many_ask(auth: Auth, remote: RemoteKeys) -> None:
    found = await asyncio.gather(*(remote.key("k1") for _ in range(20)))
    assert len(set(map(id, found))) == 1
    assert auth.asked == 1


async def test_a_known_key_works_while_auth_is_away(auth: Auth, remote: RemoteKeys) -> None:
    await remote.key("k1")
    auth.away = True
    await remote.key("k1")
    assert auth.asked == 1


async def test_unknown_keys_do_not_flood_auth(auth: Auth, remote: RemoteKeys) -> None:
    await remote.key("k1")
    for number in range(20):
        with pytest.raises(InvalidToken):
            await remote.key(f"forged {number}")
    assert auth.asked == 1


async def test_a_new_key_is_found_in_time(auth: Auth, remote: RemoteKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    await remote.key("k1")
    auth.jwks = Mint("k2").jwks
    monkeypatch.setattr(keys, "MIN_REFETCH", 0.0)
    await remote.key("k2")
    with pytest.raises(InvalidToken):
        await remote.key("k1")


async def test_while_auth_is_away_nobody_can_tell(
    auth: Auth, remote: RemoteKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MIN_RETRY", 0.0)
    auth.away = True
    with pytest.raises(KeysUnavailable):
        await remote.key("k1")
    auth.away = False
    await remote.key("k1")


async def test_an_unknown_key_is_forged_again_once_auth_is_back(
    auth: Auth, remote: RemoteKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remote.key("k1")
    monkeypatch.setattr(keys, "MIN_REFETCH", 0.0)
    monkeypatch.setattr(keys, "MIN_RETRY", 0.0)
    auth.away = True
    with pytest.raises(KeysUnavailable):
        await remote.key("k2")
    await remote.key("k1")
    auth.away = False
    with pytest.raises(InvalidToken):
        await remote.key("k2")


@pytest.mark.parametrize(
    "answer", [[], "text", None, {"keys": 7}, {"keys": [7]}, {"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1"}]}]
)
async def test_an_answer_that_is_no_key_set_breaks_nothing(auth: Auth, remote: RemoteKeys, answer: Any) -> None:
    auth.jwks = answer
    with pytest.raises((KeysUnavailable, InvalidToken)):
        await remote.key("k1")


async def test_a_failing_auth_is_not_asked_by_every_request(auth: Auth, remote: RemoteKeys) -> None:
    auth.away = True
    answers = await asyncio.gather(*(remote.key("k1") for _ in range(50)), return_exceptions=True)
    assert all(isinstance(answer, KeysUnavailable) for answer in answers)
    assert auth.asked == 1
