"""Which payment provider the settings choose."""

from pydantic import SecretStr

from libs.database.database import Database
from order_service.core.settings import PaymentSettings, Settings
from order_service.domain.provider import CallbackVerifier, PaymentProvider
from order_service.gateways.mock_callbacks import MockCallbackVerifier
from order_service.gateways.mock_provider import MockProvider
from order_service.gateways.stripe_callbacks import StripeCallbackVerifier


def new_provider(settings: PaymentSettings, transactions: Database) -> PaymentProvider:
    match settings.payment_provider, settings.stripe_api_key:
        case "stripe", SecretStr() as key:
            # Only who has chosen it waits for this library at every start.
            from order_service.gateways.stripe_client import new_client  # noqa: PLC0415 - as above.
            from order_service.gateways.stripe_provider import StripeProvider  # noqa: PLC0415 - as above.

            return StripeProvider(new_client(key.get_secret_value()))
        case _:
            return MockProvider(transactions)


def new_callback_verifier(settings: Settings) -> CallbackVerifier:
    secret = settings.payment_webhook_secret.get_secret_value()
    return StripeCallbackVerifier(secret) if settings.payment_provider == "stripe" else MockCallbackVerifier(secret)
