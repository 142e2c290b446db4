"""Results as JSON, and the last run to compare with."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ops.stack.layout import CLONE
from tests.bench.contest import Outcome, middle

LAST: Final = CLONE.home / "bench" / "last.json"

Ratios = Mapping[str, Mapping[str, float]]
"""By row and unit."""


def as_json(outcomes: Sequence[Outcome], conditions: Mapping[str, Any]) -> dict[str, Any]:
    return {"conditions": dict(conditions), "rows": {outcome.row.name: _row(outcome) for outcome in outcomes}}


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "title": outcome.row.title,
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


def last_ratios() -> Ratios:
    """Nothing, if none was kept."""
    if not LAST.exists():
        return {}
    rows = json.loads(LAST.read_text())["rows"]
    return {name: {claim["unit"]: claim["ratio"] for claim in row["claims"]} for name, row in rows.items()}


def keep(results: Mapping[str, Any]) -> None:
    """Rows that this run left out stay as they were."""
    rows = json.loads(LAST.read_text())["rows"] if LAST.exists() else {}
    write(LAST, {**results, "rows": {**rows, **results["rows"]}})


def write(path: Path, results: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=2) + "\n")
