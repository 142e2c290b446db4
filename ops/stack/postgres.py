"""A private PostgreSQL server in a folder of its own, reached over TCP on the loopback interface alone."""

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

import asyncpg

from ops.stack.credentials import Credentials, write_private
from ops.stack.paths import StackPaths
from ops.stack.ports import HOST
from ops.stack.postgres_binaries import binaries_for
from ops.stack.privileges import Account, fallback_place, make_reachable, place_for, unprivileged
from ops.stack.process import Spec, StartError, Tier
from ops.stack.readiness import Probe
from ops.stack.services import SERVICES

NAME = "postgres"
_SUPERUSER = "shop"
# For data that a test run throws away: nothing is written for the sake of surviving a power cut.
_SCRATCH = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=600")
# Terse: what an error is about, such as the e-mail address that is taken, stays out of the log.
_KEPT = ("max_connections=200", "log_error_verbosity=terse")


@dataclass(frozen=True)
class Postgres:
    port: int
    password: str

    def url(self, database: str, user: str = _SUPERUSER, password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@{HOST}:{self.port}/{database}"


async def prepare(layout: StackPaths, server: Postgres, *, scratch: bool) -> Spec:
    """Makes the data folder if there is none, and says how to start the server on it."""
    account = unprivileged()
    binaries = binaries_for(account, fallback_place(layout.postgres))
    place = place_for(layout.postgres, account)
    make_reachable(place)
    data = place / "data"
    if not data.exists():
        await _initialise(binaries, data, server.password, account, layout.log(NAME))
    _forget_stranger(data / "postmaster.pid")
    settings = [part for setting in (_SCRATCH if scratch else _KEPT) for part in ("-c", setting)]
    return Spec(
        name=NAME,
        command=(binaries / "postgres", "-D", data, "-h", HOST, "-p", str(server.port), "-k", "", *settings),
        env=_environment(),
        log=layout.log(NAME),
        ready=_accepts(server),
        tier=Tier.SERVERS,
        port=server.port,
        cwd=Path("/"),
        account=account,
        stop_signal=SIGINT,  # the fast shutdown: clients are cut off, data is safe
        grace=20,
    )


async def create_databases(server: Postgres, credentials: Credentials) -> None:
    """A database for each service with a role that owns it and may connect to no other. May run again."""
    admin = await asyncpg.connect(server.url("postgres"))
    try:
        for service in SERVICES:
            role, password = service.role, service.password(credentials)
            # Names and passwords are our own: letters, digits, "-" and "_".
            if not await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                await admin.execute(f'CREATE ROLE "{role}" LOGIN')
            await admin.execute(f"ALTER ROLE \"{role}\" PASSWORD '{password}'")
            if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", service.database):
                await admin.execute(f'CREATE DATABASE "{service.database}" OWNER "{role}"')
            await admin.execute(f'REVOKE ALL ON DATABASE "{service.database}" FROM PUBLIC')
        await admin.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
    finally:
        await admin.close()


async def _initialise(binaries: Path, data: Path, password: str, account: Account | None, log: Path) -> None:
    # Made aside and renamed, so that an initdb that was broken off is no data folder.
    half = data.with_name("data.new")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    secret = data.with_name("password")
    write_private(secret, password)
    if account is not None:
        for path in (half, secret):
            os.chown(path, account.uid, account.gid)
    options = ("-U", _SUPERUSER, "-A", "scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C")
    with log.open("ab") as output:
        initdb = await asyncio.create_subprocess_exec(
            *(binaries / "initdb", "-D", half, *options, "--no-sync", "--no-instructions"),
            env=_environment(),
            cwd="/",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            **(account.as_popen_arguments() if account else {}),
        )
        await initdb.wait()
    secret.unlink()
    if initdb.returncode:
        raise StartError(NAME, "could not make its data folder")
    half.rename(data)


def _forget_stranger(lock: Path) -> None:
    """After a power cut the pid that the server noted may belong to another program, which it would wait for."""
    if not lock.exists():
        return
    pid = lock.read_text().partition("\n")[0].strip()
    command = Path(f"/proc/{pid}/cmdline")
    if command.exists() and b"postgres" not in command.read_bytes():
        lock.unlink()


def _accepts(server: Postgres) -> Probe:
    async def probe() -> bool:
        try:
            connection = await asyncpg.connect(server.url("postgres"), timeout=5)
        except (OSError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    return probe


def _environment() -> dict[str, str]:
    # Nothing of the caller's PG… variables; times in logs are UTC as everywhere else in the shop.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
