from typing import Any

import pytest

from order_service.core.settings import MailSettings, WorkerSettings

GIVEN: dict[str, Any] = {"smtp_host": "localhost", "mail_from": "shop@example.com"}


@pytest.mark.parametrize("given", ["shop@example.com", "The Shop <shop@example.com>", '"Shop, The" <shop@example.com>'])
def test_whom_mails_are_from(given: str) -> None:
    assert MailSettings(**{**GIVEN, "mail_from": given}).sender == "shop@example.com"


@pytest.mark.parametrize(
    "given",
    ["shop", "", "<>", "a@example.com, b@example.com", "a b@example.com", "Shop <shop@example.com>\r\nBcc: eve@x.com"],
)
def test_what_is_not_one_address_is_refused_at_the_start(given: str) -> None:
    with pytest.raises(ValueError, match="one e-mail address"):
        MailSettings(**{**GIVEN, "mail_from": given})


@pytest.mark.parametrize("half", [{"smtp_username": "shop"}, {"smtp_password": "secret"}])
def test_half_a_login_is_none(half: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="belong together"):
        MailSettings(**{**GIVEN, **half})


def test_mail_is_encrypted_unless_somebody_says_otherwise() -> None:
    settings = MailSettings(**GIVEN)
    assert (settings.smtp_port, settings.smtp_tls) == (587, "starttls")


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
