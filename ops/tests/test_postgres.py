"""A real server. Where root runs the tests, pytest's folders shut PostgreSQL's user out: the fallback is tested."""

from collections.abc import AsyncIterator
from pathlib import Path
from signal import SIGKILL

import asyncpg
import pytest

from libs.testing.wait import until
from ops.stack.credentials import Credentials
from ops.stack.paths import StackPaths
from ops.stack.ports import PortReservations
from ops.stack.postgres import Postgres, create_databases, prepare
from ops.stack.services import AUTH, SERVICES
from ops.stack.state import Condition
from ops.stack.wipe import wipe
from ops.tests.standins import Watched


@pytest.fixture
async def server(tmp_path: Path, watched: Watched) -> AsyncIterator[Postgres]:
    layout = StackPaths(tmp_path)
    layout.make()
    credentials = Credentials.at(layout.secrets)
    server = Postgres(PortReservations().take(25432), credentials.postgres)
    await watched.supervisor.start(await prepare(layout, server, scratch=False))
    await create_databases(server, credentials)
    await create_databases(server, credentials)  # as with every start
    yield server
    await watched.supervisor.stop()
    wipe(layout)


async def test_each_role_sees_its_own_database_alone(server: Postgres, tmp_path: Path) -> None:
    password = AUTH.password(Credentials.at(StackPaths(tmp_path).secrets))
    own = await asyncpg.connect(server.url("auth", "auth", password))
    await own.execute("CREATE TABLE mine ()")
    await own.close()
    others = {service.database for service in SERVICES} - {"auth"}
    for database in (*others, "postgres"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(server.url(database, "auth", password))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.url("auth", "auth", "wrong"))


async def test_what_was_committed_survives_a_kill(server: Postgres, watched: Watched) -> None:
    before = await asyncpg.connect(server.url("postgres"))
    await before.execute("CREATE TABLE kept AS SELECT 1 AS number")
    watched.identity("postgres").send(SIGKILL)
    [entry] = watched.state.processes
    await until(lambda: entry.restarts == 1 and entry.state is Condition.READY)
    before.terminate()
    after = await asyncpg.connect(server.url("postgres"))
    assert await after.fetchval("SELECT number FROM kept") == 1
    await after.close()


async def test_its_log_names_nobody(server: Postgres, tmp_path: Path) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    await connection.execute("CREATE TABLE people (email text UNIQUE CHECK (email <> 'x'), role text NOT NULL)")
    await connection.execute("INSERT INTO people VALUES ($1, 'user')", "ada@example.com")
    for role in ("user", None):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute("INSERT INTO people VALUES ($1, $2)", "ada@example.com", role)
    await connection.close()

    def written() -> str:
        return StackPaths(tmp_path).log("postgres").read_text()

    await until(lambda: "people_email_key" in written() and "not-null" in written())
    assert "ada" not in written()
