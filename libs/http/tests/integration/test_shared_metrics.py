"""Two processes behind one port, as `uvicorn --workers 2` makes them: either tells of both."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from libs.testing.databases import ROOT
from libs.testing.ports import free_port
from libs.testing.wait import until

COUNTED = re.compile(r'http_requests_total\{method="GET",route="/books",status="200"\} (\d+)')
PIDS = re.compile(r"^shelves_open (\d+)", re.MULTILINE)


@asynccontextmanager
async def served(shared: Path) -> AsyncIterator[str]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "libs.http.tests.processes.shelf:app", "--workers", "2"),
        *("--port", str(port), "--log-level", "warning"),
        cwd=ROOT,
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(shared)},
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def page(url: str) -> str:
    # A connection each time, so that either of the two may answer.
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        return (await client.get("/metrics")).text


async def open_shelves(url: str) -> int:
    found = PIDS.search(await page(url))
    return int(found[1]) if found else 0


async def ask(url: str) -> int:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        return int((await client.get("/api/v1/books")).headers["X-Pid"])


async def test_what_both_did_is_on_the_page_of_either(tmp_path: Path) -> None:
    async with served(tmp_path) as url:

        async def both_are_up() -> bool:
            try:
                return await open_shelves(url) == 2
            except httpx.TransportError:
                return False

        await until(both_are_up)
        pids: set[int] = set()
        answered = 0
        while len(pids) < 2:
            pids.add(await ask(url))
            answered += 1
        for _ in range(6):
            assert [int(number) for number in COUNTED.findall(await page(url))] == [answered]

        os.kill(min(pids), signal.SIGKILL)

        async def its_successor_is_up() -> bool:
            try:
                return len({await ask(url) for _ in range(8)} - pids) == 1
            except httpx.TransportError:
                return False

        await until(its_successor_is_up)
        # What the dead one counted is kept, and what it held open is not.
        assert int(COUNTED.findall(await page(url))[0]) > answered
        assert await open_shelves(url) == 2
