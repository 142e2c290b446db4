"""Who a user is stands in no log, whatever goes wrong."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from auth_service.repositories import users
from auth_service.tests.integration.house import House, answer
from libs.observability.logs import configure_logs

NAME = "augusta-ada-king"
ADDRESS = f"{NAME}@example.com"


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Path]:
    """Everything that is logged meanwhile, as a deployment logs it; the test run gets its logging back."""
    root = logging.getLogger()
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    root.handlers.clear()
    configure_logs("auth-api", "DEBUG", tmp_path)
    yield tmp_path
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


def read(logs: Path) -> str:
    return "".join(path.read_text() for path in logs.iterdir())


async def test_nobody_is_named(house: House, logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await house.join(NAME)
    body = {"email": ADDRESS, "username": NAME, "password": "correct horse"}
    await house.caller().post("/auth/register", json=body)
    await house.caller().post("/auth/register", json={**body, "email": f"{ADDRESS} {ADDRESS}", "username": "\0" + NAME})
    await house.caller().post("/auth/register", content=f'{{"email": "{ADDRESS}", ')
    await house.try_login(ADDRESS, "wrong")
    await house.try_login(f"{NAME}\0", "wrong")
    await ada.call.put("/users/me", json={"username": f"{NAME}-2", "email": ADDRESS, "current_password": "wrong"})
    admin = await house.admin()
    answer(await admin.get("/users", params={"q": NAME}))
    await admin.get("/users", params={"q": f"{NAME}\0", "cursor": ADDRESS})
    await admin.get(f"/users/{ADDRESS}")
    await admin.patch(f"/users/{ada.id}", json={"role": NAME})
    with monkeypatch.context() as patch:
        # A conflict that nobody has thought of, with all that PostgreSQL tells of it.
        patch.setattr(users, "TAKEN", {})
        answer(await house.caller().post("/auth/register", json=body), 500)
    await ada.call.delete("/users/me")

    written = read(logs)
    assert "internal_error" in written
    assert "UniqueViolationError" in written
    assert ada.id in (await house.rows("SELECT id::text FROM deleted_users"))[0]["id"]
    assert [line for line in written.splitlines() if NAME in line] == []
