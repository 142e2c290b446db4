"""The post office of a shop in development: `uvicorn ops.mail.main:app`.

`MAIL_FOLDER` is where mails are kept, `SMTP_LISTEN` (host:port) where they are handed in.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette

from ops.mail.inbox import Inbox
from ops.mail.page import routes
from ops.mail.smtp import receiving


def create_app(folder: Path, host: str, port: int) -> Starlette:
    inbox = Inbox(folder)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with receiving(inbox, host, port):
            yield

    return Starlette(routes=routes(inbox), lifespan=lifespan)


def __getattr__(name: str) -> Starlette:
    """`app` is made from the environment when a server asks for it."""
    if name != "app":
        raise AttributeError(name)
    host, _, port = os.environ["SMTP_LISTEN"].rpartition(":")
    return create_app(Path(os.environ["MAIL_FOLDER"]), host, int(port))
