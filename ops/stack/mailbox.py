"""The post office: it takes the shop's mails, and a page shows them."""

import os
import sys
from dataclasses import dataclass

from ops.stack.paths import StackPaths
from ops.stack.ports import HOST
from ops.stack.process import Spec, Tier
from ops.stack.readiness import says_ready

NAME = "mail"


@dataclass(frozen=True)
class MailServer:
    page_port: int
    smtp_port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.page_port}"

    @property
    def settings(self) -> dict[str, str]:
        """For who sends mail. A login that the environment happens to name is for somewhere else."""
        return {
            "SMTP_HOST": HOST,
            "SMTP_PORT": str(self.smtp_port),
            "SMTP_TLS": "none",
            "SMTP_USERNAME": "",
            "SMTP_PASSWORD": "",
            "MAIL_FROM": "The Shop <shop@example.com>",
        }


def mail_server(layout: StackPaths, server: MailServer) -> Spec:
    return Spec(
        name=NAME,
        command=(
            *(sys.executable, "-m", "uvicorn", "ops.mailbox.main:app"),
            *("--host", HOST, "--port", str(server.page_port), "--no-access-log", "--log-level", "warning"),
        ),
        env={**os.environ, "MAIL_FOLDER": str(layout.mail), "SMTP_LISTEN": f"{HOST}:{server.smtp_port}"},
        log=layout.log(NAME),
        ready=says_ready(server.page_port),
        # Below what sends mail, which may have something to post to the last.
        tier=Tier.SERVERS,
        port=server.page_port,
    )
