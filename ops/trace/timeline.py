"""Puts together what is kept of one order, or of what one request caused."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from ops.admin.errors import OperatorError
from ops.trace import log_reader, stored_events
from ops.trace.log_reader import LogLine
from ops.trace.stored_events import SideEntry, StoredEvent
from ops.trace.timeline_entry import Timeline, TimelineEntry, TimelineGroup
from ops.verify.databases import Databases

ABOUT_ORDERS: Final = ("order", "stock")
NO_REQUEST: Final = "-"


async def render(databases: Databases, wanted: str, folders: Sequence[Path]) -> Timeline:
    """`wanted` is the id of an order, of anything else that events tell of, of an event, or of a request.

    Chapters are requests, in the order of time. Without logs there is no telling of HTTP and handlers, only of what
    was stored. Raises `OperatorError` if nothing is known.
    """
    events = await _events(databases, wanted)
    requests = {event.request_id for event in events} - {NO_REQUEST} or {wanted}
    lines = list(log_reader.read(folders, requests))
    if not events and not lines:
        raise OperatorError(f"Nothing is known of {wanted}. Events are kept for seven days after they were sent.")
    orders = {event.subject for event in events if event.type.partition(".")[0] in ABOUT_ORDERS}
    asides = [aside for order_id in orders for aside in await stored_events.side_entries(databases, order_id)]
    chapters = [_group(request, events, lines) for request in sorted({*requests, *(e.request_id for e in events)})]
    story = sorted((each for each in chapters if each.entries), key=lambda chapter: chapter.at)
    _add(story, events, asides, whole=_is_subject(wanted, events))
    return story


async def _events(databases: Databases, wanted: str) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    try:
        identity = UUID(wanted)
    except ValueError:
        pass
    else:
        found = await stored_events.events(databases, stored_events.OF_AGGREGATE, identity)
        found = found or await stored_events.events(databases, stored_events.OF_EVENT, identity)
    requests = sorted({event.request_id for event in found} - {NO_REQUEST} or {wanted})
    beside = await stored_events.events(databases, stored_events.OF_REQUESTS, requests)
    known = {(event.event_id, event.queue): event for event in [*found, *beside]}
    return sorted(known.values(), key=lambda event: event.created_at)


def _group(request_id: str, events: Collection[StoredEvent], lines: Iterable[LogLine]) -> TimelineGroup:
    ours = [line for line in lines if line.request_id == request_id]
    known = {str(event.event_id) for event in events}
    moments = [_line(line) for line in ours if line.event_id not in known]
    for event in events:
        if event.request_id == request_id:
            handled = [_line(line) for line in ours if line.event_id == str(event.event_id)]
            moments.append(_event(event, handled))
    return TimelineGroup(request_id, sorted(moments, key=lambda moment: moment.at))


def _line(line: LogLine) -> TimelineEntry:
    return TimelineEntry(line.at, line.process, line.what, line.is_problem)


def _event(event: StoredEvent, handled: Sequence[TimelineEntry]) -> TimelineEntry:
    what = f"{event.type}, version {event.version}" + (f", to {event.queue} alone" if event.queue else "")
    if event.sent_at is not None:
        what += f", sent after {(event.sent_at - event.created_at).total_seconds() * 1000:.0f} ms"
    elif event.last_error is None:
        what += ", waits to be sent"
    else:
        what += f", not sent after {event.attempts} attempts: {event.last_error}"
    return TimelineEntry(event.created_at, event.service, what, event.last_error is not None, sorted(handled, key=_at))


def _add(
    story: Sequence[TimelineGroup], events: Iterable[StoredEvent], asides: Iterable[SideEntry], *, whole: bool
) -> None:
    """Each beside the event of the same version, else into the request that was the last before it.

    The story of one request leaves out what belongs to others.
    """
    chapter_of = {
        event.version: event.request_id for event in events if event.type.startswith("order.") and not event.queue
    }
    for aside in sorted(asides, key=lambda each: each.at):
        if aside.version is not None and aside.version in chapter_of:
            chapter = next(each for each in story if each.request_id == chapter_of[aside.version])
        elif whole:
            chapter = next((each for each in reversed(story) if each.at <= aside.at), story[0])
        else:
            continue
        chapter.entries = sorted([*chapter.entries, TimelineEntry(aside.at, aside.service, aside.what)], key=_at)


def _is_subject(wanted: str, events: Iterable[StoredEvent]) -> bool:
    return any(str(event.subject) == wanted.lower() for event in events)


def _at(moment: TimelineEntry) -> datetime:
    return moment.at
