"""Clients that write all the time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from typing import Final, Self

import httpx

from libs.messaging.cancellation import end
from libs.process.ids import new_id
from libs.testing.wait import until
from tests.faults.client import Client, GoneHomeError
from tests.faults.stage import ADMIN, Stage
from tests.faults.writers import Writers

PATIENCE: Final = 180
CUSTOMERS: Final = 4
GOODS: Final = 6
STOCK: Final = 1_000_000
# Seconds that a client takes for a breath. There is nothing to be won from two processors that do nothing else.
BREATH: Final = 1.0


class Load:
    def __init__(self, stage: Stage, dice: Random, http: httpx.AsyncClient) -> None:
        self.ledger = stage.ledger
        self._urls = {service: stage.url(service) for service in ("auth", "catalog", "order")}
        self._writers = Writers(self._urls, stage.ledger, dice)
        self._http = http
        self._over = False
        self._goods: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    @asynccontextmanager
    async def running(cls, stage: Stage, dice: Random) -> AsyncIterator[Self]:
        # A server closes what was idle for 5 seconds: none that is given up before is being closed just now.
        limits = httpx.Limits(keepalive_expiry=2)
        async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as http:
            load = cls(stage, dice, http)
            admin = load._client(ADMIN["ADMIN_EMAIL"], ADMIN["ADMIN_PASSWORD"])
            await admin.log_in()
            load._goods = [await load._good(admin) for _ in range(GOODS)]
            write = load._writers
            turns: list[Callable[[], Awaitable[None]]] = [
                partial(write.user, load._client()),
                partial(write.product, admin),
                partial(write.stock, admin, load._goods),
            ]
            for _ in range(CUSTOMERS):
                customer = load._client()
                assert await write.register(customer)
                await customer.log_in()
                turns.append(partial(write.order, customer, load._goods))
            tasks = load._tasks = [asyncio.create_task(load._again_and_again(turn)) for turn in turns]
            try:
                yield load
            finally:
                load._over = True
                done, late = await asyncio.wait(tasks, timeout=PATIENCE)
                if late:
                    await end(late)
            for task in done:
                task.result()
            assert not late, "a client waits for ever"

    async def more(self, writes: int) -> None:
        """Returns when so many more were acknowledged."""
        wanted = self.ledger.acknowledged + writes

        def enough() -> bool:
            # A client that was answered what nobody may be answered is the end of it.
            return self.ledger.acknowledged >= wanted or any(task.done() for task in self._tasks)

        await until(enough, timeout=PATIENCE, every=0.05)
        for task in self._tasks:
            if task.done():
                task.result()

    def _client(self, login: str = "", password: str = "") -> Client:
        return Client(self._http, self.ledger, lambda: self._over, self._urls["auth"], login, password)

    async def _good(self, admin: Client) -> str:
        """Something that there is enough of."""
        name = f"good {new_id()}"
        entry = self.ledger.new("product", name)
        fields = {"name": name, "sku": name, "price": "19.99", "stock": STOCK}
        answer = await admin.once("POST", f"{self._urls['catalog']}/product", fields)
        assert answer is not None
        assert answer.status_code == httpx.codes.CREATED, answer.text
        entry.became(name)
        entry.id = str(answer.json()["id"])
        return entry.id

    async def _again_and_again(self, turn: Callable[[], Awaitable[None]]) -> None:
        while not self._over:
            try:
                await turn()
            except GoneHomeError:
                return
            await asyncio.sleep(BREATH)
