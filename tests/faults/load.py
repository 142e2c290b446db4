"""Clients that write all the time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from typing import Final, Self

import httpx

from libs.process.cancellation import cancel_and_wait
from libs.process.ids import new_id
from libs.testing.wait import until
from tests.faults.client import Client, StoppedError
from tests.faults.cluster import ADMIN, Cluster
from tests.faults.writers import Writers

PATIENCE: Final = 180
CUSTOMERS: Final = 4
GOODS: Final = 6
STOCK: Final = 1_000_000
# Seconds that a client takes for a breath. There is nothing to be won from two processors that do nothing else.
BREATH: Final = 1.0
AT_ONCE: Final = 8


class Load:
    def __init__(self, stage: Cluster, dice: Random, http: httpx.AsyncClient) -> None:
        self.ledger = stage.ledger
        self._urls = {service: stage.url(service) for service in ("auth", "catalog", "order")}
        self._writers = Writers(self._urls, stage.ledger, dice)
        self._http = http
        self._over = asyncio.Event()
        self._admin = self._client(ADMIN["ADMIN_EMAIL"], ADMIN["ADMIN_PASSWORD"])
        self._goods: list[str] = []
        self._clients: list[Client] = []
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    @asynccontextmanager
    async def running(cls, stage: Cluster, dice: Random) -> AsyncIterator[Self]:
        # A server closes what was idle for 5 seconds: none that is given up before is being closed just now.
        limits = httpx.Limits(keepalive_expiry=2)
        async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as http:
            load = cls(stage, dice, http)
            await load._admin.log_in()
            load._goods = await asyncio.gather(*(load._good(load._admin) for _ in range(GOODS)))
            write, visitor = load._writers, load._client()
            turns: list[Callable[[], Awaitable[None]]] = [
                partial(write.user, visitor),
                partial(write.product, load._admin),
                partial(write.stock, load._admin, load._goods),
            ]
            customers = await asyncio.gather(*(load._customer() for _ in range(CUSTOMERS)))
            turns += [partial(write.order, customer, load._goods) for customer in customers]
            load._clients = [load._admin, visitor, *customers]
            tasks = load._tasks = [asyncio.create_task(load._again_and_again(turn)) for turn in turns]
            try:
                yield load
            finally:
                load._over.set()
                done, late = await asyncio.wait(tasks, timeout=PATIENCE)
                if late:
                    await cancel_and_wait(late)
            for task in done:
                task.result()
            assert not late, "a client waits for ever"

    async def more(self, writes: int) -> None:
        """Returns when so many more were acknowledged."""
        wanted = self.ledger.acknowledged + writes

        await self._until(lambda: self.ledger.acknowledged >= wanted)

    async def flows(self) -> None:
        """Returns when every client was told of another write that is done: all services do what they are for."""
        before = [client.acknowledged for client in self._clients]

        def all_were_told() -> bool:
            return all(client.acknowledged > count for client, count in zip(self._clients, before, strict=True))

        await self._until(all_were_told)

    async def products(self, count: int) -> None:
        """So many are made and renamed as fast as it goes, which a queue or an outbox that is to be long needs."""
        turns = iter(range(count))

        async def some() -> None:
            for _ in turns:
                await self._writers.product(self._admin)

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))

    async def _until(self, condition: Callable[[], bool]) -> None:
        # A client that was answered what nobody may be answered is the end of it.
        await until(lambda: condition() or any(task.done() for task in self._tasks), timeout=PATIENCE, every=0.05)
        for task in self._tasks:
            if task.done():
                task.result()

    def _client(self, login: str = "", password: str = "") -> Client:
        return Client(self._http, self.ledger, self._over.is_set, self._urls["auth"], login, password)

    async def _customer(self) -> Client:
        customer = self._client()
        assert await self._writers.register(customer)
        await customer.log_in()
        return customer

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
        while not self._over.is_set():
            try:
                await turn()
            except StoppedError:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), BREATH)
