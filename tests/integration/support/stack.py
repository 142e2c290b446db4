"""Where the running shop is. Only the environment says so: the suite serves any stack, however it was started."""

import os
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

HELP = (
    "{missing} is not set, so there is no running shop to test. "
    'Run `./shop test`, or start one with `./shop up --detach` and then `eval "$(./shop env)"`.'
)


class NoStackError(Exception):
    pass


@dataclass(frozen=True)
class Stack:
    auth: str
    catalog: str
    order: str
    mail: str
    """The page with all mail."""
    admin_email: str
    admin_password: str

    @classmethod
    def from_environment(cls) -> Self:
        names = ("AUTH_URL", "CATALOG_URL", "ORDER_URL", "MAIL_URL", "ADMIN_EMAIL", "ADMIN_PASSWORD")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            raise NoStackError(HELP.format(missing=", ".join(missing)))
        auth, catalog, order, mail, email, password = (os.environ[name] for name in names)
        return cls(auth.rstrip("/"), catalog.rstrip("/"), order.rstrip("/"), mail.rstrip("/"), email, password)

    def url(self, service: str) -> str:
        return {"auth": self.auth, "catalog": self.catalog, "order": self.order}[service]

    @property
    def on_loopback(self) -> bool:
        return urlsplit(self.auth).hostname in {"127.0.0.1", "localhost"}


SERVICES = ("auth", "catalog", "order")
