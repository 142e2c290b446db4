"""Files under docs/reference that are made from the code, and what renews them: `./shop reference`."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"

IsCurrent = Callable[[str, str], None]


@pytest.fixture
def is_current() -> IsCurrent:
    """Fails unless the file says what the code says. Under SHOP_RENEW_REFERENCE it writes the file instead."""

    def check(name: str, content: str) -> None:
        file = REFERENCE / name
        if os.environ.get("SHOP_RENEW_REFERENCE"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        written = file.read_text(encoding="utf-8") if file.exists() else ""
        assert written == content, f"docs/reference/{name} is not current: run `./shop reference` and read the diff"

    return check
