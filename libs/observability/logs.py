"""Structured logs: one JSON line an entry, to stdout and, where a folder is given, to rotating files."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from libs.observability.context import log_fields
from libs.observability.log_buffer import PerTickHandler
from libs.observability.redaction import needs_redaction, redact

MAX_BYTES = 10 * 1024 * 1024
BACKUPS = 5

_encode_anything = json.JSONEncoder(default=repr).encode


def _encode(fields: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(fields, default=repr).decode()
    except orjson.JSONEncodeError:
        # It has a number that is too long or half a surrogate pair.
        return _encode_anything(fields)


def _line(entry: Mapping[str, Any]) -> str:
    fields = {**log_fields(), **entry, "timestamp": datetime.now(UTC).isoformat()[:-6] + "Z"}
    if fields.get("exc_info"):
        fields = dict(structlog.processors.format_exc_info(None, "", fields))
    line = _encode(fields)
    return _encode(redact(fields)) if needs_redaction(line) else line


def _render(logger: WrappedLogger, method: str, event: EventDict) -> tuple[tuple[str], dict[str, Any]]:
    """Once, whatever the number of places that it goes to: every request has a line."""
    level = "error" if method == "exception" else method
    return (_line({**event, "logger": logger.name, "level": level}),), {"extra": {"is_line": True}}


class Log:
    """For lines that every request has: a logger of structlog whose `info` takes one step instead of ten."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **fields: Any) -> None:
        if self._logger.isEnabledFor(logging.INFO):
            line = _line({"event": event, **fields, "logger": self._logger.name, "level": "info"})
            for handler in logging.getLogger().handlers:
                if isinstance(handler, PerTickHandler):
                    handler.add(line)


class _Formatter(logging.Formatter):
    """Leaves our own lines as they are, and makes those of libraries."""

    def format(self, record: logging.LogRecord) -> str:
        if getattr(record, "is_line", False):
            return str(record.msg)
        entry: dict[str, Any] = {"event": record.getMessage(), "logger": record.name, "level": record.levelname.lower()}
        return _line({**entry, "exc_info": record.exc_info} if record.exc_info else entry)


def configure_logs(process: str, level: str, folder: Path | None) -> None:
    """Sends the whole process's logs, also those of libraries, through one JSON formatter.

    In `folder`, `<process>.log` has everything and `<process>.errors.log` only errors.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout)]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        everything = RotatingFileHandler(folder / f"{process}.log", maxBytes=MAX_BYTES, backupCount=BACKUPS)
        errors = RotatingFileHandler(folder / f"{process}.errors.log", maxBytes=MAX_BYTES, backupCount=BACKUPS)
        errors.setLevel(logging.ERROR)
        handlers += [everything, errors]
    by_turn = PerTickHandler(handlers)
    for handler in (by_turn, *handlers):
        handler.setFormatter(_Formatter())

    # Where in the code a line was written, and by which thread, would be found out at some cost and read by no one.
    logging._srcfile = None  # noqa: SLF001 - Python's own way to say so.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.basicConfig(handlers=[by_turn], level=level, force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        # uvicorn installs handlers of its own before the app is imported; its lines belong in ours.
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"
    # These two tell of every request and every reconnection attempt that our own code already tells of once.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)

    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, _render],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
