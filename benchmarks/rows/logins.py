"""Logins a second, which are bcrypt and little else, and what other requests notice of them."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import httpx

from auth_service.core.keys import write_new_key
from benchmarks import data
from benchmarks.comparison import P99, RATE, Claim, Comparison, Measure, Row, Sample
from benchmarks.fixtures import Fixtures
from benchmarks.load import Answers
from benchmarks.programs import PATIENCE, Program

AT_ONCE: Final = 4
# Of two threads, on a machine that does nothing else.
A_SECOND: Final = 6
# Seconds between two of the other requests.
PAUSE: Final = 0.01
LOGIN: Final = "/api/v1/auth/login"


@asynccontextmanager
async def auth(ground: Fixtures) -> AsyncIterator[Program]:
    key = ground.logs / "jwt.pem"
    write_new_key(key)
    environment = {
        "DATABASE_URL": await ground.auth(),
        "JWT_PRIVATE_KEY_FILE": str(key),
        "ADMIN_EMAIL": "root@example.com",
        "ADMIN_PASSWORD": data.PASSWORD,
    }
    async with ground.running("auth_service.main", environment) as shop:
        yield shop


@asynccontextmanager
async def logging_in(ground: Fixtures) -> AsyncIterator[Comparison]:
    async with ground.running("benchmarks.limits.passwords", {}) as limit, auth(ground) as shop:
        yield Comparison(limit=logins(limit), shop=logins(shop))


def logins(program: Program) -> Measure:
    """A number of them, and not a time: there are few in a second."""
    who = users()

    async def measure(seconds: float) -> Sample:
        count = max(AT_ONCE, round(A_SECOND * seconds))
        turns = asyncio.Semaphore(AT_ONCE)
        async with client_of(program) as client:

            async def one() -> None:
                async with turns:
                    await log_in(client, next(who))

            started, cpu = time.perf_counter(), program.cpu_seconds()
            await asyncio.gather(*(one() for _ in range(count)))
            took, cpu = time.perf_counter() - started, program.cpu_seconds() - cpu
        return Sample(per_second=count / took, cpu_us=cpu / count * 1e6)

    return measure


@asynccontextmanager
async def meanwhile(ground: Fixtures) -> AsyncIterator[Comparison]:
    async with auth(ground) as shop, client_of(shop) as client:
        token = (await log_in(client, data.username(1)))["access_token"]
        asking = asked(client, {"Authorization": f"Bearer {token}"})
        who = users()

        async def over_and_over(enough: asyncio.Event) -> None:
            while not enough.is_set():
                await log_in(client, next(who))

        async def beside_logins(seconds: float) -> Sample:
            enough = asyncio.Event()
            async with asyncio.TaskGroup() as logging_in:
                for _ in range(AT_ONCE):
                    logging_in.create_task(over_and_over(enough))
                try:
                    return await asking(seconds)
                finally:
                    # Whoever hangs up does not stop the server, which would go on hashing while nobody shall log in.
                    enough.set()

        yield Comparison(limit=asking, shop=beside_logins)


def asked(client: httpx.AsyncClient, headers: dict[str, str]) -> Measure:
    """Who one is, a hundred times a second."""

    async def measure(seconds: float) -> Sample:
        found = Answers(seconds)
        ends = time.perf_counter() + seconds
        while (began := time.perf_counter()) < ends:
            (await client.get("/api/v1/users/me", headers=headers)).raise_for_status()
            found.milliseconds.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(PAUSE)
        return Sample(p50_ms=found.percentile(0.5), p99_ms=found.percentile(0.99))

    return measure


def users() -> Iterator[str]:
    return itertools.cycle(data.username(number) for number in range(1, data.USERS + 1))


def client_of(program: Program) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=program.url, timeout=PATIENCE, trust_env=False)


async def log_in(client: httpx.AsyncClient, username: str) -> dict[str, str]:
    answer = await client.post(LOGIN, json={"login": username, "password": data.PASSWORD})
    answer.raise_for_status()
    return answer.json() if answer.content else {}


ROWS = (
    Row("login", "log in (bcrypt of cost 12)", [Claim(RATE, 0.95)], logging_in, "bcrypt in threads"),
    Row("meanwhile", "GET something else while others log in", [Claim(P99, 2.0)], meanwhile, "while nobody does"),
)
