"""When log lines are written: those of one turn of the event loop together, since each write is a system call."""

import asyncio
import logging
from collections.abc import Sequence


class PerTickHandler(logging.Handler):
    """Whoever is killed takes the lines of its last turn along. What tells of trouble is written at once.

    So is what uvicorn says, which is little: after its last words its loop turns no more, and SIGTERM ends the process.
    """

    def __init__(self, handlers: Sequence[logging.Handler]) -> None:
        super().__init__()
        self._handlers = handlers
        self._lines: list[str] = []
        self._turn = logging.makeLogRecord({"levelno": logging.INFO, "is_line": True})

    def add(self, line: str) -> None:
        """One that tells of no trouble, without the record that Python would make of it."""
        self.acquire()
        try:
            is_scheduled = bool(self._lines) or self._is_scheduled()
            self._lines.append(line)
            if not is_scheduled:
                self._write()
        finally:
            self.release()

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.WARNING and not record.name.startswith("uvicorn"):
            self.add(self.format(record))
        else:
            self._write()
            self._pass_on(record)

    def flush(self) -> None:
        self.acquire()
        try:
            self._write()
        finally:
            self.release()

    def close(self) -> None:
        self.flush()
        for handler in self._handlers:
            handler.close()
        super().close()

    def _is_scheduled(self) -> bool:
        try:
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:  # Of a thread beside the loop, or before there is one.
            return False
        return True

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            self._turn.msg = "\n".join(lines)
            self._pass_on(self._turn)

    def _pass_on(self, record: logging.LogRecord) -> None:
        for handler in self._handlers:
            if record.levelno >= handler.level:
                handler.handle(record)
