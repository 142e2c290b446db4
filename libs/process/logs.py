"""Structured logs: one JSON line an entry, to stdout and, where a folder is given, to rotating files."""

import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from libs.process.context import correlation_id

MAX_BYTES = 10 * 1024 * 1024
BACKUPS = 5


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.setdefault("request_id", correlation_id.get())
    return event


# A local part with an id in it is a message's name, not a person's.
ADDRESS = re.compile(r"(?<![\w.+%-])(?![\w.+%-]*[0-9a-f]{8}-[0-9a-f]{4}-)[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
# PostgreSQL and its driver tell which row or which value an error is about.
DETAIL = re.compile(r"(?:\n|\\n)DETAIL: .*?(?=(?:\n|\\n)(?:HINT: |\[SQL: )|\n\nThe above |\n\nDuring |\Z)", re.DOTALL)
ARGUMENT = re.compile(r"(?<=invalid input for query argument \$)(\d+): .*")


def _without_people(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Whoever is deleted must not live on in a log. Ids say as much to whoever looks for a fault."""
    return {key: _nameless(value) if isinstance(value, str) else value for key, value in event.items()}


def _nameless(text: str) -> str:
    # Few lines have anything of it, and every request has a line.
    if "DETAIL: " in text:
        text = DETAIL.sub("", text)
    if "query argument" in text:
        text = ARGUMENT.sub(r"\1", text)
    return ADDRESS.sub("(address)", text) if "@" in text else text


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    _add_request_id,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logs(process: str, level: str, folder: Path | None) -> None:
    """Sends the whole process's logs, also those of libraries, through one JSON formatter.

    In `folder`, `<process>.log` has everything and `<process>.errors.log` only errors.
    """
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _without_people,
            structlog.processors.JSONRenderer(),
        ],
    )
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout)]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        everything = RotatingFileHandler(folder / f"{process}.log", maxBytes=MAX_BYTES, backupCount=BACKUPS)
        errors = RotatingFileHandler(folder / f"{process}.errors.log", maxBytes=MAX_BYTES, backupCount=BACKUPS)
        errors.setLevel(logging.ERROR)
        handlers += [everything, errors]
    for handler in handlers:
        handler.setFormatter(formatter)

    logging.basicConfig(handlers=handlers, level=level, force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        # uvicorn installs handlers of its own before the app is imported; its lines belong in ours.
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"
    # These two tell of every request and every reconnection attempt that our own code already tells of once.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)

    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
