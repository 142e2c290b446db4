"""The three services: what they are called, and what runs for each of them."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from ops.stack.credentials import Credentials
from ops.stack.paths import StackPaths
from ops.stack.ports import HOST
from ops.stack.process import Spec, Tier
from ops.stack.readiness import says_ready

ADMIN_EMAIL = "admin@example.com"
# Receivers of webhooks that somebody tries out run on this machine, too.
WEBHOOKS_TO_THIS_MACHINE = {"WEBHOOKS_ALLOW_HTTP": "true", "WEBHOOKS_ALLOW_PRIVATE": "true"}


@dataclass(frozen=True)
class Service:
    name: str
    database: str
    api_port: int

    @property
    def package(self) -> str:
        return f"{self.name}_service"

    @property
    def worker_port(self) -> int:
        return self.api_port + 100

    @property
    def role(self) -> str:
        return self.database

    @property
    def database_variable(self) -> str:
        return f"{self.name.upper()}_DATABASE_URL"

    @property
    def url_variable(self) -> str:
        return f"{self.name.upper()}_URL"

    def password(self, credentials: Credentials) -> str:
        return str(getattr(credentials, self.name))

    @property
    def migration(self) -> tuple[str, ...]:
        return (sys.executable, "-m", "alembic", "-c", f"{self.package}/migrations/alembic.ini", "upgrade", "head")


AUTH = Service("auth", "auth", 8000)
CATALOG = Service("catalog", "catalog", 8001)
ORDER = Service("order", "orders", 8002)
SERVICES = (AUTH, CATALOG, ORDER)


def common_environment(database_url: str) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"}


def api_environment(service: Service, layout: StackPaths, addresses: Mapping[str, str]) -> dict[str, str]:
    """What an API needs beside its database."""
    if service is AUTH:
        admin = {name: addresses[name] for name in ("ADMIN_EMAIL", "ADMIN_PASSWORD")}
        return {"JWT_PRIVATE_KEY_FILE": str(layout.signing_key), **admin}
    keys = {"JWKS_URL": f"{addresses['AUTH_URL']}/.well-known/jwks.json"}
    if service is CATALOG:
        return keys
    named = {name: addresses[name] for name in ("CATALOG_URL", "PAYMENT_WEBHOOK_SECRET")}
    return {**keys, **named, **WEBHOOKS_TO_THIS_MACHINE}


def uvicorn(service: Service, part: str, port: int, env: Mapping[str, str], layout: StackPaths) -> Spec:
    """`part` is "api" (the module main) or "worker"."""
    name = f"{service.name}-{part}"
    module = "main" if part == "api" else part
    # Nothing stands before these servers: an address that a client writes into X-Forwarded-For is invented, and would
    # let it guess passwords for ever.
    options = ("--loop", "uvloop", "--http", "httptools", "--timeout-graceful-shutdown", "5", "--no-proxy-headers")
    server = (sys.executable, "-m", "uvicorn", f"{service.package}.{module}:app", "--host", HOST, "--port", str(port))
    return Spec(
        name=name,
        command=(*server, *options),
        env=env,
        log=layout.log(name),
        ready=says_ready(port),
        tier=Tier.APPS,
        port=port,
    )
