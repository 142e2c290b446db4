"""Outcomes as a table for people."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.comparison import Claim, Outcome, Sample, middle
from benchmarks.results import Ratios

HUNDRED, TEN = 100, 10


def table(outcomes: Sequence[Outcome], before: Ratios) -> Table:
    found = Table(box=SIMPLE_HEAD, pad_edge=False)
    found.add_column("work", min_width=36)
    for title in ("limit", "shop", "", "ratio", "rounds", "before", "limit µs", "shop µs", "first", "then"):
        found.add_column(title, justify="left" if title == "" else "right", no_wrap=True)
    for outcome in outcomes:
        for claim in outcome.row.claims:
            found.add_row(*_line(outcome, claim, before))
    return found


def markdown(outcomes: Sequence[Outcome]) -> str:
    lines = [
        "| Row | limit | shop | | ratio | of rounds | CPU of the limit | CPU of the shop | targets |",
        "|---|--:|--:|---|--:|--:|--:|--:|---|",
    ]
    for outcome in outcomes:
        for claim in outcome.row.claims:
            of, ratios = claim.quantity.of, outcome.ratios(claim.quantity)
            cells = (
                f"`{outcome.row.name}`",
                number(middle(outcome.limit, of)),
                number(middle(outcome.shop, of)),
                claim.quantity.unit,
                f"**{outcome.ratio(claim.quantity):.2f}**",
                f"{min(ratios):.2f}-{max(ratios):.2f}",
                *(f"{used} µs" if (used := _cpu(side)) else "" for side in (outcome.limit, outcome.shop)),
                _targets(claim, outcome.ratio(claim.quantity)),
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _targets(claim: Claim, ratio: float) -> str:
    bound = "≥" if claim.quantity.more_is_better else "≤"
    targets = [target for target in (claim.first, claim.then) if target is not None]
    return ", ".join(f"{bound} {target:g} {'✓' if claim.met_by(ratio, target) else '✗'}" for target in targets)


def _line(outcome: Outcome, claim: Claim, before: Ratios) -> list[str]:
    quantity = claim.quantity
    ratio, ratios = outcome.ratio(quantity), outcome.ratios(quantity)
    last = before.get(outcome.row.name, {}).get(quantity.unit)
    return [
        f"[bold]{outcome.row.name}[/bold]: {outcome.row.title}",
        number(middle(outcome.limit, quantity.of)),
        number(middle(outcome.shop, quantity.of)),
        f"[dim]{quantity.unit}[/dim]",
        f"[bold]{ratio:.2f}[/bold]",
        f"[dim]{min(ratios):.2f}-{max(ratios):.2f}[/dim]",
        "" if last is None else f"{last:.2f}",
        _cpu(outcome.limit),
        _cpu(outcome.shop),
        _target(claim, ratio, claim.first),
        "" if claim.then is None else _target(claim, ratio, claim.then),
    ]


def _cpu(samples: Sequence[Sample]) -> str:
    used = middle(samples, lambda sample: sample.cpu_us)
    return number(used) if used else ""


def _target(claim: Claim, ratio: float, target: float) -> str:
    bound = "≥" if claim.quantity.more_is_better else "≤"
    met = claim.met_by(ratio, target)
    return f"[{'green' if met else 'red'}]{bound} {target:g} {'✓' if met else '✗'}[/]"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= HUNDRED else f"{value:.1f}" if value >= TEN else f"{value:.2f}"
