import sys
from collections.abc import Iterator

import pytest

# More than a document of 2,000 levels takes, which one test makes while others read the whole tree.
DEEP = 20_000


@pytest.fixture(autouse=True)
def deep_json() -> Iterator[None]:
    """Python's own JSON reader is recursive; these tests are about the shop, not about its client."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(DEEP)
    yield
    sys.setrecursionlimit(usual)
