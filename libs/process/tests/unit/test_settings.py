import pytest
from pydantic import ValidationError

from libs.process.settings import WorkerSettings


def test_what_is_wrong_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/shop")
    monkeypatch.setenv("AMQP_URL", "amqp://broker/")
    monkeypatch.setenv("DATABASE_POOL_SIZE", "a password in the wrong place")
    with pytest.raises(ValidationError, match="database_pool_size") as error:
        WorkerSettings()
    assert "a password" not in str(error.value)
