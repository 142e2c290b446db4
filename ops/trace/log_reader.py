"""What processes have logged of some requests: what they answered, and which events they handled."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

PROBLEM_LEVELS: Final = frozenset({"warning", "error", "critical"})


@dataclass(frozen=True, slots=True)
class LogLine:
    process: str
    at: datetime
    """When it began."""
    request_id: str
    event_id: str | None
    what: str
    is_problem: bool


def read(folders: Iterable[Path], request_ids: Collection[str]) -> Iterator[LogLine]:
    """Rotated files as well. Lines that are no JSON are somebody else's."""
    for folder in folders:
        for file in sorted(folder.glob("*.log*")):
            with file.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    if any(request_id in line for request_id in request_ids):
                        yield from _logged(file.name.partition(".")[0], line, request_ids)


def _logged(process: str, line: str, request_ids: Collection[str]) -> Iterator[LogLine]:
    try:
        entry: Mapping[str, Any] = json.loads(line)
        ended = datetime.fromisoformat(entry["timestamp"])
    except (ValueError, KeyError, TypeError):
        return
    if entry.get("request_id") not in request_ids:
        return
    began = ended - timedelta(milliseconds=entry.get("ms", 0))
    event_id = entry.get("event_id")
    yield LogLine(process, began, entry["request_id"], event_id, _what(entry), entry.get("level") in PROBLEM_LEVELS)


def _what(entry: Mapping[str, Any]) -> str:
    match entry.get("event"):
        case "request":
            return f"{entry['method']} {entry['path']} → {entry['status']}, {entry['ms']:.0f} ms"
        case "handled":
            return f"{entry['queue']} {entry['outcome']}, {entry['ms']:.0f} ms"
        case other:
            return str(other)
