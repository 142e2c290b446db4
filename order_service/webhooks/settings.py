"""Where events may be sent to."""

from pydantic import Field
from pydantic_settings import BaseSettings


class WebhookSettings(BaseSettings):
    """Where events may be sent to: said by the API when an admin names a URL, held to by the worker."""

    webhooks_allow_http: bool = Field(default=False, description="also unencrypted")
    webhooks_allow_private: bool = Field(
        default=False, description="also to this machine and into private networks; for development alone"
    )
