"""The script that comes before everything else, with stand-ins for Python."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ops.stack.paths import REPOSITORY


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone, in a folder with a space, whose environment is complete. Its Python tells how it was called."""
    clone = tmp_path / "my clone"
    binaries = clone / ".venv" / "bin"
    binaries.mkdir(parents=True)
    shutil.copy(REPOSITORY / "shop", clone)
    (clone / "requirements.lock").write_text("a==1\n")
    (clone / ".venv" / "installed.lock").write_text("a==1\n")
    program(binaries / "python", 'printf "%s|" "$(pwd)" "$@"')
    return clone


def program(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def run(script: Path, *arguments: str, cwd: Path, pythons: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Only the `pythons` are found, beside the usual tools."""
    path = os.environ["PATH"]
    if pythons is not None:
        tools = pythons.parent / "tools"
        tools.mkdir(exist_ok=True)
        for tool in ("sh", "dirname", "readlink", "cmp", "mkdir", "cp", "rm", "mv"):
            if not (tools / tool).exists():
                (tools / tool).symlink_to(shutil.which(tool) or "missing")
        path = f"{pythons}:{tools}"
    return subprocess.run(  # noqa: S603 - our own script
        (script, *arguments), cwd=cwd, env={"PATH": path}, capture_output=True, text=True, check=False
    )


def test_it_runs_from_anywhere_and_through_links(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "direct").symlink_to(clone / "shop")
    (tmp_path / "links" / "shop").symlink_to("direct")
    for script in (clone / "shop", tmp_path / "links" / "shop"):
        done = run(script, "logs", "an argument", cwd=tmp_path)
        assert (done.stdout, done.stderr) == (f"{clone}|-m|ops|logs|an argument|", "")


def test_without_python_it_says_how_to_get_one(clone: Path, tmp_path: Path) -> None:
    (clone / ".venv" / "installed.lock").unlink()
    program(tmp_path / "pythons" / "python3.13", "exit 127")  # a shim of a version that is not there
    program(tmp_path / "pythons" / "python3", "exit 1")  # one that is too old
    done = run(clone / "shop", "up", cwd=tmp_path, pythons=tmp_path / "pythons")
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr


def test_without_the_venv_module_it_names_the_package(clone: Path, tmp_path: Path) -> None:
    (clone / ".venv" / "installed.lock").unlink()
    program(tmp_path / "pythons" / "python3.12", "case $2 in *ensurepip*) exit 1 ;; esac")
    done = run(clone / "shop", "up", cwd=tmp_path, pythons=tmp_path / "pythons")
    assert done.returncode == 1
    assert "python3.12-venv" in done.stderr


def test_an_install_that_fails_is_tried_again(clone: Path, tmp_path: Path) -> None:
    (clone / "requirements.lock").write_text("a==2\n")
    program(clone / ".venv" / "bin" / "python", 'case "$*" in *" install "*) exit 1 ;; esac')
    program(tmp_path / "pythons" / "python3", "exit 0")
    for _ in range(2):
        done = run(clone / "shop", "up", cwd=tmp_path, pythons=tmp_path / "pythons")
        assert done.returncode != 0
        assert "setting up" in done.stderr
    assert not (clone / ".venv" / "installed.lock").exists()
