"""What the two processes are told by their environment."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.mail.settings import MailSettings
from libs.process.settings import RemoteKeysSettings
from libs.process.settings import WorkerSettings as EveryWorkersSettings
from order_service.webhooks.settings import WebhookSettings


class PaymentSettings(BaseSettings):
    """Both charge and ask: the API when a customer pays, the worker for what stayed open."""

    # What is refused here is printed where the process is started, and may be a key.
    model_config = SettingsConfigDict(hide_input_in_errors=True)

    payment_provider: Literal["mock", "stripe"] = "mock"
    stripe_api_key: SecretStr | None = Field(default=None, description="of Stripe's test mode: sk_test_… or rk_test_…")

    @model_validator(mode="after")
    def _stripe_needs_a_key(self) -> Self:
        """A live key is refused: a shop for demonstration must not move real money by mistake."""
        key = self.stripe_api_key.get_secret_value() if self.stripe_api_key else ""
        if self.payment_provider == "stripe" and not key.startswith(("sk_test_", "rk_test_")):
            raise ValueError("PAYMENT_PROVIDER=stripe needs STRIPE_API_KEY, and one of test mode")
        return self


class Settings(RemoteKeysSettings, PaymentSettings, WebhookSettings):
    catalog_url: str = Field(description="where catalog_service is, without a path")
    payment_webhook_secret: SecretStr = Field(min_length=1, description="what the provider signs its messages with")


class WorkerSettings(EveryWorkersSettings, PaymentSettings, MailSettings, WebhookSettings):
    # Said here and not of the mails alone: of several bases, the last decides. Empty is as good as absent, so that
    # compose can pass all of them; what is refused is printed where the process is started, and may be a secret.
    model_config = SettingsConfigDict(env_ignore_empty=True, hide_input_in_errors=True)

    reservation_seconds: float = Field(default=900, gt=0, description="how long stock is held for a payment")
    answer_seconds: float = Field(default=30, gt=0, description="an order unanswered for longer is announced again")

    @property
    def hold(self) -> timedelta:
        return timedelta(seconds=self.reservation_seconds)

    @property
    def answer_timeout(self) -> timedelta:
        return timedelta(seconds=self.answer_seconds)
