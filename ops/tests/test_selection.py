from pathlib import Path

import pytest

from ops.testing.selection import select
from ops.testing.totals import Totals


def test_without_paths_everything_is_meant() -> None:
    chosen = select([])
    assert (chosen.everything, chosen.white_box) == (True, ["."])
    assert (chosen.black_box, chosen.faults) == (["tests/integration"], ["tests/faults"])


@pytest.mark.parametrize(
    ("path", "white_box", "black_box", "faults"),
    [
        ("libs", ["libs"], [], []),
        ("ops/tests/test_selection.py::test_x", ["ops/tests/test_selection.py::test_x"], [], []),
        ("tests/integration/auth", [], ["tests/integration/auth"], []),
        ("tests/faults", [], [], ["tests/faults"]),
        ("tests/faults/test_servers.py", [], [], ["tests/faults/test_servers.py"]),
        ("tests", ["tests"], ["tests/integration"], ["tests/faults"]),
    ],
)
def test_a_path_goes_where_its_tests_can_run(
    path: str, white_box: list[str], black_box: list[str], faults: list[str]
) -> None:
    chosen = select([path])
    assert (chosen.everything, chosen.white_box) == (False, white_box)
    assert (chosen.black_box, chosen.faults) == (black_box, faults)


def test_options_are_for_pytest() -> None:
    chosen = select(["libs", "-k", "not_a_path", "-x"])
    assert (chosen.white_box, chosen.options) == (["libs"], ["-k", "not_a_path", "-x"])


def report(folder: Path, **numbers: int) -> Path:
    path = folder / "report.xml"
    attributes = " ".join(f'{name}="{number}"' for name, number in numbers.items())
    path.write_text(f"<testsuites><testsuite {attributes} /></testsuites>")
    return path


def test_totals_add_up(tmp_path: Path) -> None:
    totals = Totals()
    totals.add_run(0, report(tmp_path, tests=5, failures=0, errors=0, skipped=1))
    totals.add_run(1, report(tmp_path, tests=3, failures=1, errors=1, skipped=0))
    assert (str(totals), totals.exit_code) == ("5 passed, 2 failed, 1 skipped", 1)


def test_a_run_that_broke_off_counts_as_failed(tmp_path: Path) -> None:
    totals = Totals()
    totals.add_run(3, tmp_path / "none.xml")
    assert (str(totals), totals.exit_code) == ("0 passed, 1 failed", 1)


def test_no_test_at_all_is_no_success(tmp_path: Path) -> None:
    totals = Totals()
    totals.add_run(5, tmp_path / "none.xml")
    assert (str(totals), totals.exit_code) == ("0 passed, 0 failed", 1)
