from typing import Any

import pytest

from libs.mail.settings import MailSettings

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
