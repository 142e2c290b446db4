"""Text of unknown origin, such that a terminal and a database take it as text."""

from datetime import timedelta

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def printable(text: str, keep: str = "") -> str:
    """Control characters, which could move a terminal's cursor, and lone surrogates become escapes."""
    return "".join(each if each.isprintable() or each in keep else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def duration(time: timedelta | float | None) -> str:
    """A span of time in its largest unit."""
    if time is None:
        return "-"
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
