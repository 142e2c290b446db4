"""To understand a request or an event, a reader opens eight files at most, and the page that lists them is right."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTED = re.compile(r"^\| `(?P<file>[\w/]+\.py)` \| (?P<lines>\d+) \|", re.MULTILINE)
# Lines come and go; the table must not mislead about how long a file is.
TOLERANCE = 15


def test_the_files_to_follow_an_order_are_listed() -> None:
    page = (ROOT / "docs" / "architecture" / "README.md").read_text()
    ways = page.partition("## Follow an order in eight files")[2].split("\n`stock.reserved`")
    assert [len(LISTED.findall(way)) for way in ways] == [8, 8]
    for way in ways:
        for file, lines in LISTED.findall(way):
            assert abs(len((ROOT / file).read_text().splitlines()) - int(lines)) <= TOLERANCE, file
