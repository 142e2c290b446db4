"""RabbitMQ's management API: AMQP can make bindings, but not read them."""

import asyncio
from typing import Final
from urllib.parse import quote

import httpx
from yarl import URL

from libs.broker.connection import BrokerAddress
from libs.broker.topology import Binding
from libs.contracts.topology import Exchange

TIMEOUT: Final = 3.0
# It is away, refuses, or answers something else than it is known for.
MANAGEMENT_ERRORS: Final = (httpx.HTTPError, TimeoutError, ValueError, LookupError, TypeError)


class Management:
    """With the user, the password and the virtual host of AMQP. The user needs the tag `management`."""

    def __init__(self, broker: BrokerAddress) -> None:
        amqp = URL(broker.amqp_url)
        self._vhost = quote(amqp.path[1:] or "/", safe="")
        self._client = httpx.AsyncClient(
            base_url=broker.ui_url,
            auth=(amqp.user or "guest", amqp.password or "guest"),
            timeout=TIMEOUT,
            trust_env=False,
        )

    async def bindings(self, exchange: Exchange) -> frozenset[Binding]:
        """Of queues to the exchange. Raises one of MANAGEMENT_ERRORS."""
        name = quote(exchange.name, safe="")
        async with asyncio.timeout(TIMEOUT):
            answer = await self._client.get(f"/api/exchanges/{self._vhost}/{name}/bindings/source")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return frozenset()
        answer.raise_for_status()
        return frozenset(
            Binding(each["destination"], each["routing_key"])
            for each in answer.json()
            if each["destination_type"] == "queue"
        )

    async def aclose(self) -> None:
        await self._client.aclose()
