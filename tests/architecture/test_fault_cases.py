"""No case of the fault suite is lost unseen: the full run has all of those that `fault_cases.txt` lists."""

import subprocess
import sys
from pathlib import Path

LIST = Path(__file__).parent / "fault_cases.txt"


def test_the_list_of_fault_cases_is_current() -> None:
    command = (sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests/faults")
    collected = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own tests
    cases = sorted(line for line in collected.splitlines() if line.startswith("tests/faults/"))
    assert cases == LIST.read_text().splitlines(), "a case was added, renamed or lost: write down which"
