"""PostgreSQL refuses to run as root. Started by root it runs as nobody, in a place that nobody can reach."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NOBODY = 65534
_SYSTEM_PLACE = Path("/var/lib/shop")


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    def as_popen_arguments(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def unprivileged() -> Account | None:
    """Whom to start servers as that refuse root; None where this process is not root anyway."""
    return Account(_NOBODY, _NOBODY) if os.geteuid() == 0 else None


def reachable_by_others(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def place_for(wanted: Path, account: Account | None) -> Path:
    """`wanted`, or where its parents shut the account out (a clone in /root) a place that they do not."""
    if account is None or reachable_by_others(wanted.parent):
        return wanted
    return fallback_place(wanted)


def fallback_place(wanted: Path) -> Path:
    return _SYSTEM_PLACE / hashlib.sha256(bytes(wanted)).hexdigest()[:16]


def make_reachable(folder: Path) -> None:
    """Creates a folder of root's that others may pass through, whatever the umask says."""
    for each in (folder.parent, folder):
        if not each.exists():
            each.mkdir()
            each.chmod(0o711)
