"""The documentation: lines are short, decisions are numbered, and what is linked or named exists."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "decisions"
LONGEST_LINE = 120
NOT_WRAPPED = {"docs/architecture/events.md", "docs/architecture/proof.md", "docs/performance.md"}
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]*))?\)")
# A file in the repository, or a test by its name alone.
NAMED_FILE = re.compile(r"`(?P<file>(?:[\w.*-]+/)+[\w.*-]+\.(?:py|sql|txt|toml|yml|sh)|test_[\w*]+\.py)`")
NAMED_TEST = re.compile(r"`(test_\w+)`")
DECISION = re.compile(
    r"# (?P<number>\d+)\. (?P<title>.+)\n\n- Date: (?P<date>\d{4}-\d\d-\d\d)\n- Status: (?P<status>.+)\n\n",
)


def pages() -> Iterator[Path]:
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted((ROOT / "docs").rglob("*.md"))


def anchors(page: Path) -> set[str]:
    """The ids that headings get: lower case, without punctuation, with hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_relative_links_exist() -> None:
    broken = []
    for page in pages():
        for link in LINK.finditer(FENCED.sub("", page.read_text())):
            path, anchor = link["path"], link["anchor"]
            if re.match(r"[a-z]+:", path):
                continue
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{page.relative_to(ROOT)}: {link[0]}")
    assert broken == []


def test_lines_are_short() -> None:
    """But for tables, whose rows cannot be wrapped."""
    long = {
        f"{name}:{number}"
        for page in pages()
        if (name := str(page.relative_to(ROOT))) not in NOT_WRAPPED
        for number, line in enumerate(page.read_text().splitlines(), start=1)
        if len(line) > LONGEST_LINE and not line.startswith("|")
    }
    assert long == set()


def test_files_and_tests_that_are_named_exist() -> None:
    tests = [path for path in ROOT.rglob("test_*.py") if ".venv" not in path.parts]
    code = "\n".join(path.read_text() for path in tests)
    missing = []
    for page in pages():
        text = page.read_text()
        for file in NAMED_FILE.findall(text):
            found = any(ROOT.glob(file)) if "/" in file else any(path.match(file) for path in tests)
            if not found:
                missing.append(f"{page.relative_to(ROOT)}: {file}")
        missing += [
            f"{page.relative_to(ROOT)}: {test}" for test in NAMED_TEST.findall(text) if f"def {test}(" not in code
        ]
    assert missing == []


def test_decisions_are_numbered_dated_and_listed() -> None:
    files = sorted(DECISIONS.glob("[0-9]*.md"))
    assert {path.name for path in DECISIONS.iterdir()} == {"README.md", *(file.name for file in files)}
    rows = []
    dates = []
    for number, file in enumerate(files, start=1):
        assert re.fullmatch(rf"{number:04d}-[a-z0-9-]+\.md", file.name), file.name
        head = DECISION.match(file.read_text())
        assert head, f"{file.name} does not begin with its number, title, date and status"
        assert int(head["number"]) == number
        dates.append(head["date"])
        rows.append(f"| {number} | [{head['title']}]({file.name}) | {head['date']} | {head['status']} |")
    assert dates == sorted(dates)
    index = (DECISIONS / "README.md").read_text().splitlines()
    assert [line for line in index if re.match(r"\| \d", line)] == rows
