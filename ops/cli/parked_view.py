"""Parked messages as a person reads them."""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.admin.formatting import duration, printable

if TYPE_CHECKING:
    # Loading it would load a client of RabbitMQ.
    from ops.admin.parked import Parked


def show_list(console: Console, messages: Sequence["Parked"], limit: int) -> None:
    if not messages:
        console.print("Nothing is parked.")
    for queue, found in groupby(messages, key=lambda parked: parked.queue):
        parked = list(found)
        # One column: an id has to be copied, and must not be folded for the sake of others.
        table = Table(title=f"{queue}: {len(parked)} parked", title_justify="left", show_header=False, show_lines=True)
        for each in parked[:limit]:
            table.add_row(Text("\n").join([_event(each), _failure(each)]))
        console.print(table)
        if len(parked) > limit:
            console.print(f"… and {len(parked) - limit} more: --limit, --json")


def show_whole(console: Console, parked: "Parked") -> None:
    known = parked.whole()
    table = Table(title=f"{parked.queue}: {parked.id}", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("event", _event(parked))
    table.add_row("failed", _failure(parked))
    for part in ("properties", "headers"):
        lines = [printable(f"{name}: {value}") for name, value in known[part].items() if value is not None]
        table.add_row(part, Text("\n".join(lines)))
    console.print(table)
    console.print(Text(_body(known)), soft_wrap=True)


def show_done(console: Console, messages: Sequence["Parked"], what: str) -> None:
    for queue, found in groupby(messages, key=lambda parked: parked.queue):
        console.print(f"{queue}: {len(list(found))} {what}")
    if not messages:
        console.print(f"Nothing was {what}.")


def history(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title="Interventions", title_justify="left", show_header=False, show_lines=True)
    for row in rows:
        who = f"{row['at']:%Y-%m-%d %H:%M:%S} {row['operator']}: {row['action']} of {row['queue']}"
        end = "" if row["done_at"] else "\nnot finished: it may be done, or still be parked"
        event = f"{row['event_id']}\n{_told(row['type'], row['version'], row['subject'])}"
        table.add_row(Text(f"{who}\n{event}\n{row['reason']}{end}"))
    return table


def _event(parked: "Parked") -> Text:
    return Text(f"{parked.id}\n{_told(parked.type, parked.version, parked.subject)}")


def _told(event_type: str | None, version: int | None, subject: str | None) -> str:
    if event_type is None and subject is None:
        return "(not an event)"
    return f"{event_type or 'no type'} v{'?' if version is None else version}\n{subject or 'no subject'}"


def _failure(parked: "Parked") -> Text:
    known = []
    if parked.first_failed_at is not None:
        known.append(f"failed first {parked.first_failed_at:%Y-%m-%d %H:%M:%S}, {duration(parked.age_seconds)} ago")
    if parked.attempts is not None:
        known.append(f"attempts: {parked.attempts}")
    return Text(f"{', '.join(known) or 'no time was noted'}\n{parked.error or 'no error was noted'}")


def _body(known: Mapping[str, Any]) -> str:
    if known["event"] is None:
        return printable(known["body"], keep="\n\t")
    return printable(json.dumps(known["event"], indent=2, ensure_ascii=False), keep="\n")
