"""What a request with a key does to the keys, whose memory here is a dict."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from libs.http.tests.press import Customer, How, make_app, replayed
from libs.idempotency import route
from libs.idempotency.keys import Claim, IdempotencyKeyReused, RequestInProgress, StoredResponse
from libs.process.ids import new_id


@dataclass
class Known:
    fingerprint: bytes
    resource_id: UUID
    answer: StoredResponse | None = None
    is_claimed: bool = True
    outcome_unknown: bool = False


@dataclass
class FakeKeys:
    """`is_away`, `hangs`: what happens to whoever ends a claim."""

    known: dict[str, Known] = field(default_factory=dict)
    is_away: bool = False
    hangs: bool = False

    async def claim(self, user_id: UUID, key: str, fingerprint: bytes) -> Claim | StoredResponse:
        known = self.known.setdefault(key, Known(fingerprint, new_id(), is_claimed=False))
        if known.fingerprint != fingerprint:
            raise IdempotencyKeyReused("other")
        if known.is_claimed:
            raise RequestInProgress("running", retry_after=1)
        if known.answer is not None:
            return known.answer
        known.is_claimed = True
        return Claim(user_id, key, new_id(), known.resource_id)

    async def complete(self, claim: Claim, answer: StoredResponse) -> None:
        (await self._end(claim)).answer = answer

    async def discard(self, claim: Claim) -> None:
        await self._end(claim)
        del self.known[claim.key]

    async def release(self, claim: Claim, *, outcome_unknown: bool) -> None:
        (await self._end(claim)).outcome_unknown = outcome_unknown

    async def _end(self, claim: Claim) -> Known:
        if self.is_away:
            raise ConnectionRefusedError
        if self.hangs:
            await asyncio.Event().wait()
        self.known[claim.key].is_claimed = False
        return self.known[claim.key]


class FakePress:
    def __init__(self) -> None:
        self.made: list[UUID] = []

    async def make(self, print_id: UUID, how: How) -> None:
        del how
        self.made.append(print_id)


@pytest.fixture
def keys() -> FakeKeys:
    return FakeKeys()


@pytest.fixture
def press() -> FakePress:
    return FakePress()


@pytest.fixture
def press_app(keys: FakeKeys, press: FakePress) -> FastAPI:
    return make_app(keys, press)


@pytest.fixture
def ada(press_app: FastAPI) -> Customer:
    return Customer(press_app, new_id())


async def test_a_request_without_a_key_is_always_a_new_one(ada: Customer, keys: FakeKeys, press: FakePress) -> None:
    first, second = await ada.print(None), await ada.print(None)
    assert first.status_code == second.status_code == 201
    assert [str(made) for made in press.made] == [first.json()["id"], second.json()["id"]]
    assert keys.known == {}


@pytest.mark.parametrize(("how", "status"), [("printed", 201), ("unpaid", 402)])
async def test_the_first_answer_comes_again(ada: Customer, press: FakePress, how: str, status: int) -> None:
    first, second = await ada.print("k", how), await ada.print("k", how)
    assert first.status_code == second.status_code == status
    assert first.content == second.content
    assert (replayed(first), replayed(second)) == (False, True)
    for header in ("location", "etag", "content-type", "content-length"):
        assert first.headers.get(header) == second.headers.get(header)
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert len(press.made) == 1


async def test_a_key_is_of_one_request(ada: Customer, press: FakePress) -> None:
    assert (await ada.print("k")).status_code == 201
    assert replayed(await ada.print("k", path="/print/"))
    for other in (await ada.print("k", "queued"), await ada.print("k", path="/poster")):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert other.json()["errors"]
    assert len(press.made) == 1


async def test_a_request_that_runs_is_not_run_again(ada: Customer, keys: FakeKeys, press: FakePress) -> None:
    assert (await ada.print("k", "queued")).status_code == 202
    keys.known["k"].is_claimed = True
    answer = await ada.print("k", "queued")
    assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
    assert int(answer.headers["retry-after"]) > 0
    assert len(press.made) == 1


async def test_after_a_refusal_the_request_may_come_again(ada: Customer, keys: FakeKeys, press: FakePress) -> None:
    for _ in range(2):
        answer = await ada.print("k", "jammed")
        assert (answer.status_code, replayed(answer)) == (409, False)
        assert keys.known == {}
    assert len(set(press.made)) == 2


async def test_who_does_not_know_the_outcome_yet_asks_again(ada: Customer, keys: FakeKeys, press: FakePress) -> None:
    for _ in range(2):
        answer = await ada.print("k", "queued")
        assert (answer.status_code, replayed(answer)) == (202, False)
        assert not keys.known["k"].outcome_unknown
    assert press.made == [press.made[0]] * 2


async def test_after_a_failure_nobody_knows_what_came_of_it(ada: Customer, keys: FakeKeys, press: FakePress) -> None:
    for _ in range(2):
        assert (await ada.print("k", "broken")).status_code == 500
        assert keys.known["k"].outcome_unknown
    assert press.made == [press.made[0]] * 2


@pytest.mark.parametrize("trouble", ["is_away", "hangs"])
async def test_what_is_done_is_done_even_if_it_cannot_be_noted(
    ada: Customer, keys: FakeKeys, press: FakePress, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(route, "SETTLE_TIMEOUT", 0.01)
    setattr(keys, trouble, True)
    answer = await ada.print("k")
    assert (answer.status_code, answer.json()["id"]) == (201, str(press.made[0]))
    assert keys.known["k"].is_claimed


async def test_who_may_not_or_asks_for_nonsense_claims_nothing(
    press_app: FastAPI, ada: Customer, keys: FakeKeys, press: FakePress
) -> None:
    stranger = Customer(press_app, new_id())
    del stranger.http.headers["Authorization"]
    assert (await stranger.print("k")).status_code == 401
    assert (await ada.print("k", "upside down")).status_code == 422
    assert (await ada.print("k", unknown=1)).status_code == 422
    assert (keys.known, press.made) == ({}, [])


@pytest.mark.parametrize("key", ["x", "two words", "~" * 255, "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e", '"quoted"'])
async def test_what_is_a_key(ada: Customer, keys: FakeKeys, key: str) -> None:
    assert (await ada.print(key)).status_code == 201
    assert list(keys.known) == [key]


@pytest.mark.parametrize("key", [b"", b"x" * 256, b"a\tb", b"\x7f", b"caf\xc3\xa9", b"\xff", b"a\x00b"])
async def test_what_is_no_key(ada: Customer, keys: FakeKeys, key: bytes) -> None:
    answer = await ada.http.post("/print", json={}, headers=[(b"Idempotency-Key", key)])
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]
    assert keys.known == {}


async def test_endpoints_that_do_not_take_a_key_ignore_it(ada: Customer, keys: FakeKeys) -> None:
    for _ in range(2):
        answer = await ada.http.post("/clean", headers={"Idempotency-Key": "k"})
        assert (answer.status_code, replayed(answer)) == (204, False)
    assert keys.known == {}


def test_it_is_documented_where_it_is_honoured(press_app: FastAPI) -> None:
    paths: dict[str, Any] = press_app.openapi()["paths"]
    made, cleaned = paths["/api/v1/print"]["post"], paths["/api/v1/clean"]["post"]
    (parameter,) = made["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("Idempotency-Key", "header", False)
    assert "`idempotency_key_reused`" in made["responses"]["422"]["description"]
    assert "`request_in_progress`" in made["responses"]["409"]["description"]
    replays = {
        status for status, answer in made["responses"].items() if "Idempotency-Replayed" in answer.get("headers", {})
    }
    assert replays == {"201", "402"}
    assert "parameters" not in cleaned
    assert "409" not in cleaned["responses"]
