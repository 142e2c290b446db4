"""Whether something that was started can be used yet."""

import asyncio
from collections.abc import Awaitable, Callable

from ops.stack.ports import HOST

Probe = Callable[[], Awaitable[bool]]
_TIMEOUT = 5.0


def listens(*ports: int, host: str = HOST) -> Probe:
    async def probe() -> bool:
        for port in ports:
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
        return True

    return _within_time(probe)


def says_ready(port: int) -> Probe:
    """Written out, because an HTTP client costs more to set up than a process of ours does to answer."""

    async def probe() -> bool:
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            request = f"GET /health/ready HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            status = await reader.readline()
        finally:
            writer.close()
        return status.startswith(b"HTTP/1.1 200 ")

    return _within_time(probe)


def _within_time(probe: Probe) -> Probe:
    async def patient() -> bool:
        try:
            return await asyncio.wait_for(probe(), _TIMEOUT)
        except OSError:  # a refused connection as well as the timeout
            return False

    return patient
