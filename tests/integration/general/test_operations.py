import re

import pytest

from tests.integration.support.clients import ClientFactory
from tests.integration.support.names import unknown_id
from tests.integration.support.problems import ok
from tests.integration.support.stack import SERVICES

pytestmark = pytest.mark.parametrize("service", SERVICES)


async def test_health_says_that_it_lives_and_is_ready(switchboard: ClientFactory, service: str) -> None:
    ok(await switchboard.root(service).get("/health/live"))
    ok(await switchboard.root(service).get("/health/ready"))


async def test_metrics_count_requests(switchboard: ClientFactory, service: str) -> None:
    path = {"auth": "/users/{}", "catalog": "/products/{}", "order": "/order/{}"}[service]
    sought = unknown_id()
    await switchboard.caller().to(service).get(path.format(sought))
    response = await switchboard.root(service).get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(("text/plain", "application/openmetrics-text"))
    # One series for each route, not one for each id: memory would grow with every product otherwise.
    assert re.search(path.format(r"\{\w+\}"), response.text)
    assert sought not in response.text


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_the_docs_are_a_page(switchboard: ClientFactory, service: str, page: str) -> None:
    response = await switchboard.root(service).get(page)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "/openapi.json" in response.text
