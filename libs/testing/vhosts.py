"""A RabbitMQ virtual host of its own for each test worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import httpx

from libs.testing.environment import required


@asynccontextmanager
async def fresh_vhost(name: str) -> AsyncIterator[str]:
    """The AMQP URL of a new, empty virtual host. It is deleted afterwards, with everything in it."""
    async with _management() as client:
        await _create(client, name)
        try:
            yield urlunsplit(urlsplit(required("AMQP_URL"))._replace(path=f"/{quote(name, safe='')}"))
        finally:
            await _delete(client, name)


async def wipe(amqp_url: str) -> None:
    """As after a broker lost its disk: every connection ends, and nothing is there when they come back."""
    name = unquote(urlsplit(amqp_url).path[1:])
    async with _management() as client:
        await _delete(client, name)
        await _create(client, name)


@asynccontextmanager
async def _management() -> AsyncIterator[httpx.AsyncClient]:
    amqp = urlsplit(required("AMQP_URL"))
    user = (unquote(amqp.username or "guest"), unquote(amqp.password or "guest"))
    async with httpx.AsyncClient(base_url=required("RABBITMQ_UI_URL"), auth=user, timeout=30) as client:
        yield client


async def _create(client: httpx.AsyncClient, name: str) -> None:
    vhost = quote(name, safe="")
    (await client.put(f"/api/vhosts/{vhost}")).raise_for_status()
    user = quote(unquote(urlsplit(required("AMQP_URL")).username or "guest"), safe="")
    rights = {"configure": ".*", "write": ".*", "read": ".*"}
    (await client.put(f"/api/permissions/{vhost}/{user}", json=rights)).raise_for_status()


async def _delete(client: httpx.AsyncClient, name: str) -> None:
    (await client.delete(f"/api/vhosts/{quote(name, safe='')}")).raise_for_status()
