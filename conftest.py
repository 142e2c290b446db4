"""For every test of the repository."""

import pytest
import structlog

from libs.process.gc import freeze_startup_objects

# Unconfigured, structlog draws tracebacks with every local variable, which takes seconds each.
structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])

# A plugin and not an import: a fixture that several files import is made, and ended, once for each of them.
pytest_plugins = ["libs.testing.fixtures"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes seconds, and therefore starts first")
    config.addinivalue_line("markers", "full: runs in `./shop test --full` alone; docs/guides/testing.md says why")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # What is long and starts last is what everybody waits for when tests run in parallel.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    freeze_startup_objects()
