import os
from collections.abc import AsyncIterator
from urllib.parse import quote, unquote, urlsplit

import httpx
import pytest

from tests.integration.support.broker import Tap, connect


@pytest.fixture(scope="session")
def amqp_url() -> str:
    url = os.environ.get("AMQP_URL")
    if not url:
        pytest.skip("AMQP_URL is not set: this stack's broker cannot be listened to")
    return url


@pytest.fixture(scope="session")
async def tap(amqp_url: str) -> AsyncIterator[Tap]:
    connection = await connect(amqp_url)
    async with connection:
        tap = Tap()
        await tap.open(connection)
        yield tap


@pytest.fixture(scope="session")
async def broker_ui(amqp_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """RabbitMQ's management API, which is what its pages show."""
    ui = os.environ.get("RABBITMQ_UI_URL")
    if not ui:
        pytest.skip("RABBITMQ_UI_URL is not set: this stack's broker cannot be looked at")
    parts = urlsplit(amqp_url)
    login = (unquote(parts.username or "guest"), unquote(parts.password or "guest"))
    async with httpx.AsyncClient(base_url=f"{ui.rstrip('/')}/api", auth=login, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def vhost(amqp_url: str) -> str:
    """The broker's virtual host, as it stands in a path of the management API."""
    return quote(unquote(urlsplit(amqp_url).path[1:]) or "/", safe="")
