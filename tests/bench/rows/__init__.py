"""All that is measured, in the order of the table."""

from tests.bench.rows import orders, reads

ROWS = {row.name: row for module in (reads, orders) for row in module.ROWS}
