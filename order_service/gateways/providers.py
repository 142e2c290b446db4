"""Which payment provider the settings choose."""

from sqlalchemy.ext.asyncio import AsyncEngine

from order_service.core.settings import PaymentSettings
from order_service.domain.provider import PaymentProvider
from order_service.gateways.mock_provider import MockProvider


def new_provider(settings: PaymentSettings, engine: AsyncEngine) -> PaymentProvider:
    del settings
    return MockProvider(engine)
