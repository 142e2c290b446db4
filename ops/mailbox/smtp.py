"""Where the shop posts its mails in development: whatever comes is kept, and nothing goes any further."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from aiosmtpd.smtp import SMTP, Envelope, Session

from ops.mailbox.mailbox import Mailbox


class StoreHandler:
    def __init__(self, inbox: Mailbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's.
        content = envelope.content
        if not isinstance(content, bytes):
            raise TypeError("The server was told to leave bytes as they are.")
        try:
            self._inbox.store(content)
        except OSError as error:
            # No room for it, say. By itself the server would tell whoever posts it never to come again.
            return f"451 Not kept: {error.strerror}"
        return "250 Kept"


@asynccontextmanager
async def smtp_server(inbox: Mailbox, host: str, port: int) -> AsyncIterator[int]:
    """Gives the port, for who has asked for any (0)."""
    loop = asyncio.get_running_loop()
    session = partial(SMTP, StoreHandler(inbox), hostname="localhost", enable_SMTPUTF8=True, loop=loop)
    server = await loop.create_server(session, host, port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
