import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.cli import stack
from ops.cli.app import app
from ops.stack.paths import StackPaths
from ops.stack.process_id import ProcessId
from ops.stack.state import Phase, State


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackPaths:
    layout = StackPaths(tmp_path)
    monkeypatch.setattr(stack, "CLONE", layout)
    layout.make()
    return layout


def test_a_shell_reads_exactly_what_is_meant(layout: StackPaths) -> None:
    nasty = """a'b"c $HOME `id` \\ ; & é"""
    State(Phase.READY, ProcessId.own(), addresses={"ADMIN_PASSWORD": nasty}).write(layout.state)
    lines = CliRunner().invoke(app, ["env"]).stdout
    read = subprocess.run(  # noqa: S603 - the shell is what this is about
        ("/bin/sh", "-c", f'{lines}printf %s "$ADMIN_PASSWORD"'), capture_output=True, text=True, check=True
    )
    assert read.stdout == nasty


def test_a_stack_that_is_down_has_no_addresses(layout: StackPaths) -> None:
    State(Phase.DOWN, addresses={"AUTH_URL": "http://127.0.0.1:8000"}).write(layout.state)
    result = CliRunner().invoke(app, ["env"])
    assert (result.exit_code, result.stdout) == (1, "")


def test_status_for_programs(layout: StackPaths) -> None:
    State(Phase.READY, ProcessId.own()).write(layout.state)
    result = CliRunner().invoke(app, ["status", "--json"])
    assert (result.exit_code, '"phase": "ready"' in result.stdout) == (0, True)
