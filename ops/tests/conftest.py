from collections.abc import AsyncIterator

import pytest

from ops.tests.standins import Watched


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    """Whatever a test starts with it ends with the test."""
    it = Watched()
    yield it
    await it.supervisor.stop()
