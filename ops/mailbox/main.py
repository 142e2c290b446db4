"""The post office of a shop in development: `uvicorn ops.mailbox.main:app`.

`MAIL_FOLDER` is where mails are kept, `SMTP_LISTEN` (host:port) where they are handed in.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette

from ops.mailbox.mailbox import Mailbox
from ops.mailbox.page import routes
from ops.mailbox.smtp import smtp_server


def create_app(folder: Path, host: str, port: int) -> Starlette:
    inbox = Mailbox(folder)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with smtp_server(inbox, host, port):
            yield

    return Starlette(routes=routes(inbox), lifespan=lifespan)


def __getattr__(name: str) -> Starlette:
    """`app` is made from the environment when a server asks for it."""
    if name != "app":
        raise AttributeError(name)
    host, _, port = os.environ["SMTP_LISTEN"].rpartition(":")
    return create_app(Path(os.environ["MAIL_FOLDER"]), host, int(port))
