"""Idempotency keys in PostgreSQL. What several requests ask of them at the same time is one statement."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from libs.database.batch_loader import BatchLoader
from libs.database.database import Database
from libs.database.query import CompiledQuery, Reader
from libs.idempotency.keys import Claim, IdempotencyKeyReused, RequestInProgress, StoredResponse
from libs.idempotency.queries import AT_ONCE, CLAIM, COMPLETE, DISCARD, EXPIRE, FIND, RELEASE
from libs.process.ids import new_id


async def expire(transactions: Database) -> None:
    """For a timer: removes what is older than anybody may rely on, a few at a time."""
    while (await transactions.execute(EXPIRE)).rowcount == AT_ONCE:
        pass


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    claim: Claim
    fingerprint: bytes


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    claim: Claim
    answer: StoredResponse


class SqlIdempotencyKeys:
    def __init__(self, database: Reader) -> None:
        self._database = database
        self._claims = BatchLoader(self._claim)
        self._answers = BatchLoader(self._complete)

    async def claim(self, user_id: UUID, key: str, fingerprint: bytes) -> Claim | StoredResponse:
        asked = _Asked(Claim(user_id, key, new_id(), new_id()), fingerprint)
        claimed = await self._claims.load(asked)
        if claimed is not None:
            return claimed
        known = await self._database.fetch_one(FIND, user_id=user_id, key=key)
        if known is not None and known["fingerprint"] != fingerprint:
            raise IdempotencyKeyReused("Send another request with another key.")
        if known is not None and known["status"] is not None:
            return StoredResponse(known["status"], known["headers"], known["body"])
        # Or it has ended just now, between the two statements.
        raise RequestInProgress("Send it again in a moment to get its answer.", retry_after=1)

    async def complete(self, claim: Claim, answer: StoredResponse) -> None:
        await self._answers.load_many([_Kept(claim, answer)])

    async def discard(self, claim: Claim) -> None:
        await self._run(DISCARD, claim)

    async def release(self, claim: Claim, *, outcome_unknown: bool) -> None:
        await self._run(RELEASE, claim, outcome_unknown=outcome_unknown)

    async def _run(self, statement: CompiledQuery, claim: Claim, **values: Any) -> None:
        await self._database.fetch_all(statement, user_id=claim.user_id, key=claim.key, claim=claim.id, **values)

    async def _claim(self, asked: Collection[_Asked]) -> Mapping[_Asked, Claim]:
        # Of those that ask for the same key in the same moment one may get it.
        apart = {_by_key(each): each for each in asked}
        ordered = [apart[key] for key in sorted(apart)]
        rows = await self._database.fetch_all(
            CLAIM,
            **_columns(ordered),
            fingerprints=[each.fingerprint for each in ordered],
            resource_ids=[each.claim.resource_id for each in ordered],
        )
        claimed = {row["claim"]: row["resource_id"] for row in rows}
        return {
            each: replace(each.claim, resource_id=claimed[each.claim.id])
            for each in ordered
            if each.claim.id in claimed
        }

    async def _complete(self, answers: Collection[_Kept]) -> Mapping[_Kept, None]:
        # No two are of one row: a key has one claim at a time.
        ordered = sorted(answers, key=_by_key)
        await self._database.fetch_all(
            COMPLETE,
            **_columns(ordered),
            statuses=[each.answer.status for each in ordered],
            headers=[dict(each.answer.headers) for each in ordered],
            bodies=[each.answer.body for each in ordered],
        )
        return {}


def _by_key(each: _Asked | _Kept) -> tuple[UUID, str]:
    """An order in which all processes lock rows, so that no two wait for each other."""
    return each.claim.user_id, each.claim.key


def _columns(of: Sequence[_Asked | _Kept]) -> dict[str, Any]:
    return {
        "user_ids": [each.claim.user_id for each in of],
        "keys": [each.claim.key for each in of],
        "claims": [each.claim.id for each in of],
    }
