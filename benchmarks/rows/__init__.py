"""All that is measured, in the order of the table."""

from benchmarks.rows import growth, logins, memory, orders, reads, relay, replica, stack, tokens, visible

MODULES = (reads, orders, stack, relay, replica, visible, tokens, logins, memory, growth)
ROWS = {row.name: row for module in MODULES for row in module.ROWS}
