"""What people read of a run."""

from rich.console import Console

from benchmarks.outcomes import rates, times
from benchmarks.table import markdown, number, table

OUTCOMES = (
    rates("product", [1000, 2000, 1000], [600, 1000, 800], cpu_us=123.4),
    times("growth", [2.0], [3.0]),
)


def shown() -> list[str]:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(table(OUTCOMES, {"product": {"/s": 0.55}}))
    return [" ".join(line.split()) for line in capture.get().splitlines() if ":" in line]


def test_a_line_has_both_sides_their_ratio_and_the_one_before() -> None:
    product, growth = shown()
    assert product == "product: do product 1,000 800 /s 0.60 0.50-0.80 0.55 123 123 ≥ 0.5 ✓ ≥ 0.7 ✗"
    assert growth == "growth: wait for growth 2.00 3.00 ms p50 1.50 1.50-1.50 ≤ 1.3 ✗"


def test_the_page_has_the_same() -> None:
    head, line, product, growth = markdown(OUTCOMES).splitlines()
    assert head.count("|") == line.count("|") == product.count("|") == growth.count("|")
    assert product == ("| `product` | 1,000 | 800 | /s | **0.60** | 0.50-0.80 | 123 µs | 123 µs | ≥ 0.5 ✓, ≥ 0.7 ✗ |")
    assert growth == "| `growth` | 2.00 | 3.00 | ms p50 | **1.50** | 1.50-1.50 |  |  | ≤ 1.3 ✗ |"


def test_a_number_has_as_many_digits_as_it_says_something() -> None:
    assert [number(value) for value in (12_345.6, 99.94, 9.876)] == ["12,346", "99.9", "9.88"]
