"""The log files of a stack's processes."""

from ops.stack.paths import StackPaths

_MAX_BYTES = 20 * 1024 * 1024


def rotate(layout: StackPaths) -> None:
    """Puts files aside that grew large; done between runs, when nobody writes to them."""
    for log in layout.logs.glob("*.log"):
        if log.stat().st_size > _MAX_BYTES:
            log.replace(log.with_suffix(".log.old"))


def tail(layout: StackPaths, name: str, lines: int = 30) -> str:
    log = layout.log(name)
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - lines * 1000, 0))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
