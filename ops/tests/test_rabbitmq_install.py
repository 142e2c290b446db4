"""Where no RabbitMQ can be had, a person is told what to do."""

import shutil
from pathlib import Path

import pytest

from ops.stack.rabbitmq_install import NoRabbitMQError, find_or_fetch


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that can be found on this machine; nothing was fetched before."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sh").symlink_to(shutil.which("sh") or "missing")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return programs


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def refused(log: Path) -> str:
    with pytest.raises(NoRabbitMQError) as refusal:
        find_or_fetch(log)
    message = str(refusal.value)
    for way_out in ("install rabbitmq-server", "set AMQP_URL", "docker compose up"):
        assert way_out in message
    return message


@pytest.mark.usefixtures("programs")
def test_on_other_systems_than_debian(tmp_path: Path) -> None:
    assert "only on Debian and Ubuntu" in refused(tmp_path / "fetch.log")


def test_where_the_packages_cannot_be_reached(programs: Path, tmp_path: Path) -> None:
    program(programs / "apt-get", "echo 'E: no network' >&2; exit 100")
    program(programs / "dpkg-deb", "exit 0")
    log = tmp_path / "fetch.log"
    assert str(log) in refused(log)
    assert "E: no network" in log.read_text()
    assert [left.name for left in (tmp_path / "cache" / "shop").iterdir()] == ["lock"]


def test_where_the_copy_could_not_run(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs / "apt-get", "exit 1")
    program(programs / "dpkg-deb", "exit 1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "with a space"))
    assert "set XDG_CACHE_HOME to a path without spaces" in refused(tmp_path / "fetch.log")
