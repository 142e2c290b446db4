from typing import Any

import pytest

from order_service.core.settings import WorkerSettings

GIVEN: dict[str, Any] = {"smtp_host": "localhost", "mail_from": "shop@example.com"}


def test_what_compose_passes_empty_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_PORT", "SMTP_TLS"):
        monkeypatch.setenv(name, "")
    settings = WorkerSettings(**GIVEN, database_url="postgresql://x/x", amqp_url="amqp://x")
    assert (settings.smtp_username, settings.smtp_password, settings.smtp_port) == (None, None, 587)


def test_what_is_refused_is_not_shown() -> None:
    with pytest.raises(ValueError, match="STRIPE_API_KEY") as refused:
        WorkerSettings(
            **GIVEN,
            database_url="postgresql://x/x",
            amqp_url="amqp://x",
            payment_provider="stripe",
            stripe_api_key="sk_live_1",
        )
    assert "sk_live_1" not in str(refused.value)
