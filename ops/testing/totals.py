"""How many tests passed and failed, counted over several runs of pytest."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

_NO_TESTS = 5  # pytest's exit code


@dataclass
class Totals:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add_run(self, exit_code: int, report: Path) -> None:
        failed_before = self.failed
        if report.exists():
            for suite in ET.parse(report).iter("testsuite"):  # noqa: S314 - pytest has just written it.
                tests, failures, errors, skipped = (
                    int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")
                )
                self.failed += failures + errors
                self.skipped += skipped
                self.passed += max(tests - failures - errors - skipped, 0)
        if exit_code not in {0, _NO_TESTS} and self.failed == failed_before:
            self.failed += 1  # pytest itself failed, before or beside any test.

    @property
    def exit_code(self) -> int:
        return int(self.failed > 0 or self.passed == 0)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"
