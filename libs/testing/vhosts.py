"""A RabbitMQ virtual host of its own for each test worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import httpx

from libs.testing.environment import required


@asynccontextmanager
async def fresh_vhost(name: str) -> AsyncIterator[str]:
    """The AMQP URL of a new, empty virtual host. It is deleted afterwards, with everything in it."""
    amqp = urlsplit(required("AMQP_URL"))
    user = unquote(amqp.username or "guest")
    client = httpx.AsyncClient(
        base_url=required("RABBITMQ_UI_URL"), auth=(user, unquote(amqp.password or "guest")), timeout=30
    )
    vhost = quote(name, safe="")
    async with client:
        (await client.put(f"/api/vhosts/{vhost}")).raise_for_status()
        try:
            rights = {"configure": ".*", "write": ".*", "read": ".*"}
            (await client.put(f"/api/permissions/{vhost}/{quote(user)}", json=rights)).raise_for_status()
            yield urlunsplit(amqp._replace(path=f"/{vhost}"))
        finally:
            (await client.delete(f"/api/vhosts/{vhost}")).raise_for_status()
