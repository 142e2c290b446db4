"""What the clients of a load do, one thing after the other, each noted in the ledger before and after."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import httpx

from libs.process.ids import new_id
from tests.faults.client import Client
from tests.faults.write_log import CREATED, Entry, WriteLog

PASSWORD: Final = "correct horse battery"
GONE: Final = "gone"
# What an order that its customer leaves alone comes to.
PLACED: Final = ("awaiting_payment", "rejected", "expired")
CANCELLED: Final = ("cancelled", "refunded")


def a_name() -> str:
    return f"n{new_id().hex[8:32]}"


@dataclass(frozen=True)
class Writers:
    urls: Mapping[str, str]
    ledger: WriteLog
    dice: Random

    async def register(self, client: Client) -> Entry | None:
        name = a_name()
        entry = self.ledger.new("user", f"{name}@example.com")
        entry.asked_for(name)
        person = {"email": entry.mark, "username": name, "password": PASSWORD}
        if (answer := await client.once("POST", f"{self.urls['auth']}/auth/register", person)) is None:
            return None
        assert answer.status_code == httpx.codes.CREATED, answer.text
        entry.became(name)
        entry.id = answer.json()["id"]
        client.login, client.password = entry.mark, PASSWORD
        return entry

    async def user(self, client: Client) -> None:
        """Registers, takes another name, and leaves in one case of three."""
        client.login = ""
        if (entry := await self.register(client)) is None:
            return
        await client.log_in()
        me = f"{self.urls['auth']}/users/me"
        name = a_name()
        entry.asked_for(name)
        if await client.once("PUT", me, {"username": name}) is not None:
            entry.became(name)
        if self.dice.random() < 1 / 3:
            entry.asked_for(GONE)
            if await client.once("DELETE", me) is not None:
                entry.became(GONE)

    async def product(self, admin: Client) -> None:
        """Brings it into the shop, gives it another name, and takes it out again in one case of three."""
        name = a_name()
        entry = self.ledger.new("product", name)
        entry.asked_for(name)
        catalog = self.urls["catalog"]
        fields = {"name": name, "sku": entry.mark, "price": "9.99"}
        if (answer := await admin.once("POST", f"{catalog}/product", fields)) is None:
            return
        assert answer.status_code == httpx.codes.CREATED, answer.text
        entry.became(name)
        entry.id = answer.json()["id"]
        name = a_name()
        entry.asked_for(name)
        if await admin.once("PUT", f"{catalog}/product/{entry.id}", {"name": name}) is not None:
            entry.became(name)
        if self.dice.random() < 1 / 3:
            entry.asked_for(GONE)
            if await admin.once("DELETE", f"{catalog}/product/{entry.id}") is not None:
                entry.became(GONE)

    async def stock(self, admin: Client, goods: Sequence[str]) -> None:
        entry = self.ledger.new("movement", f"movement {new_id()}")
        entry.asked_for(CREATED)
        url = f"{self.urls['catalog']}/product/{self.dice.choice(goods)}/stock"
        if await admin.once("POST", url, {"delta": self.dice.randint(1, 9), "reason": entry.mark}) is not None:
            entry.became(CREATED)

    async def order(self, customer: Client, goods: Sequence[str]) -> None:
        """Places one; when its stock is held, mostly pays it or cancels it, or one after the other."""
        orders = self.urls["order"]
        entry = self.ledger.new("order", f"order {new_id()}")
        entry.asked_for(*PLACED)
        wanted = self.dice.sample(goods, self.dice.randint(1, 2))
        items = [{"product_id": product, "quantity": self.dice.randint(1, 3)} for product in wanted]
        answer = await customer.until_answered("POST", f"{orders}/order", {"items": items, "comment": entry.mark})
        assert answer.status_code == httpx.codes.CREATED, answer.text
        entry.became(*PLACED)
        entry.id = answer.json()["id"]
        chance = self.dice.random()
        if chance < 0.7 and await self._is_held(customer, f"{orders}/order/{entry.id}"):
            entry.asked_for("paid")
            answer = await customer.until_answered("POST", f"{orders}/order/{entry.id}/payment", {"token": "tok_ok"})
            assert answer.is_success, answer.text
            # The provider may have been asked, and its answer lost: then the shop finds out later.
            if answer.json()["status"] == "succeeded":
                entry.became("paid")
        if chance > 0.5:
            entry.asked_for(*CANCELLED)
            answer = await customer.until_answered("POST", f"{orders}/order/{entry.id}/cancel")
            assert answer.is_success, answer.text
            entry.became(*CANCELLED)

    async def _is_held(self, customer: Client, order: str) -> bool:
        while not customer.is_over():
            answer = await customer.once("GET", order)
            if answer is not None and answer.is_success and answer.json()["status"] != "pending":
                return bool(answer.json()["status"] == "awaiting_payment")
            await asyncio.sleep(0.25)
        return False
