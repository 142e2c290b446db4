from pathlib import Path

from ops.stack.paths import StackPaths
from ops.stack.process_id import ProcessId
from ops.stack.state import Condition, Entry, Phase, State, SupervisorLock, current


def written(layout: StackPaths, supervisor: ProcessId) -> State:
    process = Entry("auth-api", Condition.READY, port=8000, pid=supervisor.pid, started=supervisor.started, restarts=2)
    state = State(Phase.READY, supervisor, [process], [Entry("databases", Condition.DONE)], {"AUTH_URL": "x"}, ["n"])
    layout.make()
    state.write(layout.state)
    return state


def test_it_reads_what_was_written(tmp_path: Path) -> None:
    state = written(StackPaths(tmp_path), ProcessId.own())
    assert State.read(StackPaths(tmp_path).state) == state
    assert current(StackPaths(tmp_path)) == state


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    written(StackPaths(tmp_path), ProcessId.own())
    assert StackPaths(tmp_path).state.stat().st_mode & 0o077 == 0


def test_where_nothing_was_written_the_stack_is_down(tmp_path: Path) -> None:
    assert current(StackPaths(tmp_path)).phase is Phase.DOWN


def test_what_a_killed_supervisor_left_written_is_not_believed(tmp_path: Path) -> None:
    written(StackPaths(tmp_path), ProcessId(ProcessId.own().pid, "an earlier process"))
    state = current(StackPaths(tmp_path))
    assert state.phase is Phase.DOWN
    assert [entry.state for entry in state.processes] == [Condition.STOPPED]


def test_a_folder_has_one_supervisor(tmp_path: Path) -> None:
    first, second = SupervisorLock(StackPaths(tmp_path)), SupervisorLock(StackPaths(tmp_path))
    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()
