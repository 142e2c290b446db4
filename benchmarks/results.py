"""Results as JSON, and the last run to compare with.

A short run says less than a full one. They are kept apart, and each is compared with one of its own kind.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.comparison import Outcome, middle
from ops.stack.paths import CLONE

FOLDER: Final = CLONE.home / "bench"

Ratios = Mapping[str, Mapping[str, float]]
"""By row and unit."""


def as_json(outcomes: Sequence[Outcome], conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Each row with the conditions under which it was measured: it may be kept for longer than others."""
    return {"rows": {outcome.row.name: _row(outcome, conditions) for outcome in outcomes}}


def _row(outcome: Outcome, conditions: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": outcome.row.title,
        "conditions": dict(conditions),
        "claims": [
            {
                "unit": claim.quantity.unit,
                "limit": middle(outcome.limit, claim.quantity.of),
                "shop": middle(outcome.shop, claim.quantity.of),
                "ratio": outcome.ratio(claim.quantity),
                "ratios": outcome.ratios(claim.quantity),
                "first": claim.first,
                "then": claim.then,
            }
            for claim in outcome.row.claims
        ],
        "rounds": {"limit": [asdict(each) for each in outcome.limit], "shop": [asdict(each) for each in outcome.shop]},
    }


def last_ratios(*, quick: bool) -> Ratios:
    """Nothing of rows that were never kept."""
    return {name: {claim["unit"]: claim["ratio"] for claim in row["claims"]} for name, row in _last(quick).items()}


def store(results: Mapping[str, Any], *, quick: bool) -> None:
    """Rows that this run left out stay as they were."""
    write(_file(quick), {"rows": {**_last(quick), **results["rows"]}})


def _last(quick: bool) -> dict[str, Any]:
    file = _file(quick)
    rows: dict[str, Any] = json.loads(file.read_text())["rows"] if file.exists() else {}
    return rows


def _file(quick: bool) -> Path:
    return FOLDER / ("last-quick.json" if quick else "last.json")


def write(path: Path, results: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=2) + "\n")
