"""bcrypt in as many threads as auth_service has, and nothing around it."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import bcrypt

from benchmarks import data
from benchmarks.limits.asgi import Answer, Application, Receive, Scope

THREADS = 2
pool = ThreadPoolExecutor(THREADS)


@asynccontextmanager
async def threads() -> AsyncIterator[None]:
    yield
    pool.shutdown()


async def check(_: Scope, __: Receive) -> Answer:
    given, known = data.PASSWORD.encode(), data.PASSWORD_HASH.encode()
    right = await asyncio.get_running_loop().run_in_executor(pool, bcrypt.checkpw, given, known)
    return 200 if right else 401, b"", ()


app = Application(threads, check)
