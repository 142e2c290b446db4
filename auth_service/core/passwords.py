"""bcrypt, which keeps a core busy for a quarter of a second: in few threads, behind a line of limited length."""

import asyncio
import math
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import ParamSpec, TypeVar

import bcrypt

from auth_service.domain.credentials import MAX_PASSWORD_BYTES
from auth_service.exceptions import TooManyPasswords

# Roughly what one password costs at cost 12, for telling when to come again.
SECONDS_EACH = 0.25

# Of 19 steps down. Whatever is short comes first, and who logs in waits a quarter of a second anyway.
NICENESS = 10

P = ParamSpec("P")
T = TypeVar("T")


class BcryptPasswordHasher:
    """bcrypt works outside Python's lock, so requests go on meanwhile."""

    def __init__(self, *, cost: int, threads: int, waiting: int) -> None:
        self._cost = cost
        self._threads = threads
        self._longest = waiting
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="bcrypt", initializer=_stand_back)
        self._turns = asyncio.Semaphore(threads)
        self._waiting = 0
        # Nobody has this password; checking it takes as long as checking one that somebody has.
        self._nobodys = bcrypt.hashpw(b"nobody's", bcrypt.gensalt(cost))

    @asynccontextmanager
    async def slot(self) -> AsyncIterator["BcryptPasswordHasher"]:
        if self._waiting >= self._longest:
            raise TooManyPasswords(retry_after=math.ceil(self._waiting * SECONDS_EACH / self._threads))
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield self
        finally:
            self._turns.release()

    async def hash(self, password: str) -> str:
        hashed = await self._run(bcrypt.hashpw, password.encode(), bcrypt.gensalt(self._cost))
        return hashed.decode()

    async def matches(self, password: str, password_hash: str | None) -> bool:
        given = password.encode()
        # A password too long to be anybody's takes its time as well.
        right = await self._run(
            bcrypt.checkpw,
            given[:MAX_PASSWORD_BYTES],
            self._nobodys if password_hash is None else password_hash.encode(),
        )
        return right and password_hash is not None and len(given) <= MAX_PASSWORD_BYTES

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: function(*args, **kwargs))


def _stand_back() -> None:
    """Of this thread alone, which is Linux's way to take it; elsewhere it would be the whole process."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        # A sandbox may forbid even that, and nobody could log in any more if it mattered.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))
