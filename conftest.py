"""For every test of the repository."""

import structlog

# Unconfigured, structlog draws tracebacks with every local variable, which takes seconds each.
structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])

# A plugin and not an import: a fixture that several files import is made, and ended, once for each of them.
pytest_plugins = ["libs.testing.fixtures"]
