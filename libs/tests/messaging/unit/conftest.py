import pytest

from libs.consumers import handler
from libs.tests.messaging.unit.bench import Bench


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(handler, "QUARANTINE_STEP", 0.25)
    return Bench()
