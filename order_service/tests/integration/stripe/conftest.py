from collections.abc import AsyncIterator

import pytest

from order_service.gateways.stripe_provider import StripeProvider
from order_service.tests.integration.stripe.payments import a_provider
from order_service.tests.integration.stripe.stripe_api import Fault, StripeApi


@pytest.fixture
async def api() -> AsyncIterator[StripeApi]:
    api = StripeApi()
    async with api.serving():
        yield api
    assert not api.answers, "It was asked less than expected."


@pytest.fixture
def provider(api: StripeApi, request: pytest.FixtureRequest) -> StripeProvider:
    """Impatient only where it will be kept waiting, because the machine may be slow."""
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    return a_provider(api.url, 1.5 if Fault.SILENCE in parameters.values() else 30.0)
