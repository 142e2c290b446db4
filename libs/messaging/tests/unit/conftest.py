import pytest

from libs.messaging import handling
from libs.messaging.tests.unit.bench import Bench


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(handling, "QUARANTINE", 0.25)
    return Bench()
