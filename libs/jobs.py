"""Work that leaves the database, as leased rows: claimed, done with no transaction open, then settled or deferred.

A row is due when its `due_at` has come; a claim moves that ahead, by a lease or by the delay before the next try. So
several workers share the rows, and one whose worker died is due again when its lease runs out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done:
    pass


@dataclass(frozen=True, slots=True)
class Later:
    """It is tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It is not tried again."""

    reason: str


Outcome = Done | Later | Failed


async def run_due(
    claim: Callable[[], Awaitable[Job | None]],
    do: Callable[[Job], Awaitable[Result]],
    settle: Callable[[Job, Result], Awaitable[None]],
    *,
    grace: float | None = None,
) -> None:
    """One after the other, until none is due. `claim` and `settle` are a transaction each.

    What `do` raises ends the run, and leaves the row to its lease. When cancelled, it finishes the job in hand first,
    or gives it up after `grace` seconds.
    """
    while (job := await claim()) is not None:
        await _finish(_run(job, do, settle), grace)


def claim_sql(
    table: str,
    key: Sequence[str],
    *,
    due_at: str,
    returning: str,
    ready: str = "TRUE",
    changes: str = "",
    joins: str = "",
) -> str:
    """Claims the row that has been due longest at `:now`, in one statement; no two transactions get the same.

    Within `ready` the candidate is called `due`, within `joins` the found one is called `next`, within `due_at`,
    `changes` and `returning` the claimed one is called `job`.
    """
    same = " AND ".join(f"job.{column} = next.{column}" for column in key)
    return f"""
        WITH next AS (
            SELECT * FROM {table} AS due WHERE due.due_at <= :now AND {ready}
            ORDER BY due.due_at LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE {table} AS job SET due_at = {due_at}{changes and f", {changes}"}
        FROM next {joins}
        WHERE {same}
        RETURNING {returning}
    """  # noqa: S608 - made of constants


async def _run(
    job: Job, do: Callable[[Job], Awaitable[Result]], settle: Callable[[Job, Result], Awaitable[None]]
) -> None:
    await settle(job, await do(job))


async def _finish(work: Coroutine[Any, Any, None], grace: float | None) -> None:
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=grace)
        task.cancel()
        # Nothing that came of it may take the place of the request to stop.
        await asyncio.gather(task, return_exceptions=True)
        raise
