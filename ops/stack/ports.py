"""Ports nobody else uses: the usual ones where they are free, else the next by tens (8000, 8010, 8020 …)."""

import fcntl
import os
import socket
import tempfile
from pathlib import Path

HOST = "127.0.0.1"
_STEP = 10
_TRIES = 400


class NoFreePortError(Exception):
    """Every port that was tried is taken."""


class PortReservations:
    """Holds the ports that it has given out, so that stacks that start at the same time choose different ones."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.gettempdir()) / f"shop-ports-{os.getuid()}"
        self._held: list[int] = []

    def take(self, preferred: int) -> int:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for port in range(preferred, min(preferred + _STEP * _TRIES, 65536), _STEP):
            if self._reserve(port):
                return port
        raise NoFreePortError(f"no free port was found from {preferred} up")

    def release(self) -> None:
        while self._held:
            os.close(self._held.pop())

    def _reserve(self, port: int) -> bool:
        # The kernel drops the lock when this process ends, so a reservation never outlives its stack.
        claim = os.open(self._folder / str(port), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(claim)
            return False
        if not _is_free(port):
            os.close(claim)
            return False
        self._held.append(claim)
        return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do it, so that connections that linger after a restart do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError:
            return False
    return True
