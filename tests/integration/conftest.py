"""The shop as its clients meet it: over HTTP, at the addresses that the environment names."""

import sys
from collections.abc import AsyncIterator
from random import randint

import httpx
import pytest

from tests.integration.support.clients import Account, ClientFactory, ServiceClients
from tests.integration.support.stack import NoStackError, Stack
from tests.integration.support.users import log_in, register_and_log_in


def pytest_make_parametrize_id(val: object) -> str | None:
    # Some of what is sent is a megabyte; a test's name need not be.
    return f"{val[:20]!r}..." if isinstance(val, str | bytes) and len(val) > 40 else None


@pytest.fixture(scope="session")
def stack() -> Stack:
    try:
        return Stack.from_environment()
    except NoStackError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
async def switchboard(stack: Stack) -> AsyncIterator[ClientFactory]:
    # A server closes what was idle for 5 seconds: a connection that is given up before is never one it is just closing.
    limits = httpx.Limits(max_connections=100, keepalive_expiry=2)
    async with httpx.AsyncHTTPTransport(limits=limits) as transport:
        yield ClientFactory(stack, transport)


@pytest.fixture(scope="session")
async def postbox(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Where all mail of the shop can be read."""
    async with httpx.AsyncClient(base_url=stack.mail, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def nobody(switchboard: ClientFactory) -> ServiceClients:
    return switchboard.caller()


@pytest.fixture
async def elsewhere(stack: Stack) -> AsyncIterator[ServiceClients]:
    """Somebody at an address of their own: failed logins count against the address they come from.

    Linux takes every address of 127.0.0.0/8 for its own. Where that is not so, all tests share one address,
    and the suite must not run more often than a few times in five minutes.
    """
    own = f"127.{randint(1, 254)}.{randint(1, 254)}.{randint(1, 254)}"  # noqa: S311 # no secret
    address = own if sys.platform == "linux" and stack.on_loopback else None
    async with httpx.AsyncHTTPTransport(local_address=address) as transport:
        yield ClientFactory(stack, transport).caller()


@pytest.fixture(scope="session")
async def admin(stack: Stack, switchboard: ClientFactory) -> ServiceClients:
    tokens = await log_in(switchboard.caller(), stack.admin_email, stack.admin_password)
    return switchboard.caller(tokens["access_token"])


@pytest.fixture(scope="session")
async def customer(switchboard: ClientFactory) -> Account:
    """Somebody for tests that change nothing about the person; each test worker has its own."""
    return await register_and_log_in(switchboard)


@pytest.fixture(scope="session")
async def stranger(switchboard: ClientFactory) -> Account:
    """Another customer, to whom the first one's orders are nobody's business."""
    return await register_and_log_in(switchboard)


@pytest.fixture
async def newcomer(switchboard: ClientFactory) -> Account:
    """Somebody of this test alone, for tests that change or count what is theirs."""
    return await register_and_log_in(switchboard)
