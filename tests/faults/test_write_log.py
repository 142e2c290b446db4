"""The judge is judged: it finds what is lost, doubled and made up, and nothing where nobody knows."""

from collections.abc import Callable

import pytest

from tests.faults.write_log import Entry, Findings, Row, WriteLog


def made(entry: Entry) -> None:
    entry.became("lamp")
    entry.id = "1"


def renamed(entry: Entry) -> None:
    made(entry)
    entry.became("light")


def perhaps_renamed(entry: Entry) -> None:
    made(entry)
    entry.asked_for("light")


def perhaps_made(entry: Entry) -> None:
    entry.asked_for("lamp")


LAMP = Row("1", "mark", "lamp")
LIGHT = Row("1", "mark", "light")
GONE = Row("1", None, "gone")


@pytest.mark.parametrize(
    ("story", "rows", "lost", "duplicated", "unexpected"),
    [
        (made, [LAMP], 0, 0, 0),
        (made, [], 1, 0, 0),
        (made, [GONE], 1, 0, 0),
        (made, [LAMP, Row("2", "mark", "lamp")], 0, 1, 0),
        (made, [LAMP, Row("2", "another", "lamp")], 0, 0, 1),
        (renamed, [LAMP], 1, 0, 0),
        (renamed, [LIGHT], 0, 0, 0),
        (perhaps_renamed, [LAMP], 0, 0, 0),
        (perhaps_renamed, [LIGHT], 0, 0, 0),
        (perhaps_renamed, [GONE], 1, 0, 0),
        (perhaps_made, [], 0, 0, 0),
        (perhaps_made, [LAMP], 0, 0, 0),
        (perhaps_made, [LAMP, Row("2", "mark", "lamp")], 0, 1, 0),
    ],
)
def test_what_is_found(
    story: Callable[[Entry], None], rows: list[Row], lost: int, duplicated: int, unexpected: int
) -> None:
    ledger, findings = WriteLog(), Findings(acknowledged=1)
    story(ledger.new("product", "mark"))
    ledger.check("product", rows, findings)
    found = tuple(map(len, (findings.lost, findings.duplicated, findings.unexpected)))
    assert found == (lost, duplicated, unexpected)
    assert findings.numbers == (f"1 writes acknowledged, {lost} lost, {duplicated} duplicated, {unexpected} unexpected")
