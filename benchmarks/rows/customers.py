"""Customers with tokens, and an order service that believes these."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Self

from benchmarks import data
from libs.testing.ports import free_port
from order_service.domain.actor import Actor
from order_service.tests.integration.neighbours import Neighbours


@dataclass(frozen=True, eq=False)
class Customers:
    """`neighbours` publishes the keys of the tokens, as auth_service does."""

    neighbours: Neighbours

    @classmethod
    @asynccontextmanager
    async def known(cls) -> AsyncIterator[Self]:
        neighbours = Neighbours()
        async with neighbours.serving():
            yield cls(neighbours)

    @cache  # noqa: B019 - it lives as long as a contest, and signing takes long.
    def authorization(self, number: int) -> dict[str, str]:
        actor = Actor(data.user_id(number), data.username(number), is_admin=False)
        return {"Authorization": f"Bearer {self.neighbours.token(actor, seconds=24 * 60 * 60)}"}

    def environment(self, database_url: str) -> dict[str, str]:
        return {
            "DATABASE_URL": database_url,
            # Everything that is ordered is known from events: nobody has to be asked.
            "CATALOG_URL": f"http://127.0.0.1:{free_port()}",
            "JWKS_URL": f"{self.neighbours.url}/.well-known/jwks.json",
            "PAYMENT_WEBHOOK_SECRET": "agreed",
            # For limits, which ask nobody.
            "JWK": json.dumps(self.neighbours.jwks["keys"][0]),
        }
