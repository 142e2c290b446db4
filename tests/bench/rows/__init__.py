"""All that is measured, in the order of the table."""

from tests.bench.rows import reads

ROWS = {row.name: row for module in (reads,) for row in module.ROWS}
