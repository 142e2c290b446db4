"""Workers of the service under test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from order_service.core.settings import WorkerSettings
from order_service.worker import create_worker

# Nobody listens there: its mails wait.
NO_SMTP = 9


@asynccontextmanager
async def working(database_url: str, amqp_url: str, *, smtp_port: int = NO_SMTP) -> AsyncIterator[httpx.AsyncClient]:
    """One that runs. Several may."""
    app = create_worker(
        WorkerSettings(
            database_url=database_url,
            amqp_url=amqp_url,
            smtp_host="127.0.0.1",
            smtp_port=smtp_port,
            smtp_tls="none",
            mail_from="The Shop <shop@example.com>",
            webhooks_allow_http=True,
            webhooks_allow_private=True,
        )
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://worker") as client,
    ):
        yield client
