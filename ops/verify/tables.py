"""A report for people."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rich.table import Table
from rich.text import Text

from ops.verify.verification import Report

SHOWN: Final = 20


def tables(report: Report) -> Iterator[Table]:
    table = Table("replica", "rows", "differences", "of these left")
    for each in report.replicas:
        kinds = Counter(difference.kind for difference in each.found)
        found = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "-"
        table.add_row(each.replica, f"{each.rows:,}", found, _marked(len(each.left)))
    yield table
    left = [(each.replica, difference) for each in report.replicas for difference in each.left]
    if left:
        table = Table("replica", "id", "difference", "owner says", "replica has", title=_first(len(left), "rows"))
        for replica, difference in left[:SHOWN]:
            sides = (
                "-" if row is None else f"{row.version}: {row.state}"
                for row in (difference.owner_state, difference.replica_state)
            )
            table.add_row(replica, str(difference.id), difference.kind, *map(Text, sides))
        yield table
    table = Table("rule", "broken by")
    for rule in report.rules:
        table.add_row(rule.says, _marked(len(rule.broken)))
    yield table
    for rule in report.rules:
        if rule.broken:
            table = Table(rule.says, title=_first(len(rule.broken), "cases"), show_header=True)
            for case in rule.broken[:SHOWN]:
                table.add_row(Text(case))
            yield table


def _marked(count: int) -> str:
    return f"[red]{count}[/]" if count else "[green]-[/]"


def _first(count: int, what: str) -> str:
    return f"{count} {what}" if count <= SHOWN else f"{SHOWN} of {count} {what}; all with --json"
