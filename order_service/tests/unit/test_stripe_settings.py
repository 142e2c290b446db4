import subprocess
import sys

import pytest
from pydantic import SecretStr, ValidationError

from order_service.core.settings import PaymentSettings


def test_the_invented_provider_needs_nothing() -> None:
    assert PaymentSettings(stripe_api_key=SecretStr("")).payment_provider == "mock"


@pytest.mark.parametrize("key", ["sk_test_4242", "rk_test_4242"])
def test_stripe_takes_keys_of_its_test_mode(key: str) -> None:
    assert PaymentSettings(payment_provider="stripe", stripe_api_key=SecretStr(key)).payment_provider == "stripe"


@pytest.mark.parametrize("key", [None, "", "sk_live_4242", "rk_live_4242", "pk_test_4242", "4242"])
def test_stripe_takes_no_other_keys_and_tells_nobody_of_them(key: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYMENT_PROVIDER", "stripe")
    if key is not None:
        monkeypatch.setenv("STRIPE_API_KEY", key)
    with pytest.raises(ValidationError, match="test mode") as refused:
        PaymentSettings()
    assert "4242" not in str(refused.value)


def test_who_does_not_use_stripe_does_not_load_it() -> None:
    """It takes a good part of a second, and every start of a worker would pay for it."""
    program = "import sys, order_service.gateways.providers; sys.exit('stripe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603 - our own program.
