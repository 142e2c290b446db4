"""A run is compared with the last of its kind."""

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks import results
from benchmarks.comparison import Outcome
from benchmarks.outcomes import rates


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "bench")
    return tmp_path / "bench"


def keep(*outcomes: Outcome, at: str, quick: bool = False) -> None:
    results.store(results.as_json(outcomes, {"at": at}), quick=quick)


def test_before_the_first_run_there_is_nothing_to_compare_with() -> None:
    assert results.last_ratios(quick=False) == {}


def test_the_last_ratio_of_each_row_is_known() -> None:
    keep(rates("product", [100, 200, 100], [50, 90, 60]), at="noon")
    keep(rates("product", [100], [80]), at="one")
    assert results.last_ratios(quick=False) == {"product": {"/s": 0.8}}


def test_rows_that_a_run_leaves_out_stay_as_they_were_measured(folder: Path) -> None:
    keep(rates("product", [100], [50]), rates("order", [10], [5]), at="noon")
    keep(rates("order", [10], [8]), at="one")
    assert results.last_ratios(quick=False) == {"product": {"/s": 0.5}, "order": {"/s": 0.8}}
    rows = json.loads((folder / "last.json").read_text())["rows"]
    assert {name: row["conditions"]["at"] for name, row in rows.items()} == {"product": "noon", "order": "one"}


def test_a_quick_run_and_a_full_one_are_not_compared() -> None:
    keep(rates("product", [100], [50]), at="noon")
    assert results.last_ratios(quick=True) == {}
    keep(rates("product", [100], [99]), at="one", quick=True)
    assert results.last_ratios(quick=True) == {"product": {"/s": 0.99}}
    assert results.last_ratios(quick=False) == {"product": {"/s": 0.5}}


def test_a_full_run_has_three_rounds_or_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench", "--rounds", "2"])
    with pytest.raises(SystemExit):
        bench.options()
    assert "--rounds 2: a median needs 3 or more" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["bench", "--rounds", "2", "--quick"])
    assert bench.options().rounds == 2
