"""Where Prometheus is: the system's, or a private copy of Debian's package."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ops.stack.debian import CannotFetchError, Packages, cache_folder, check_can_fetch, private_copy

# Its own page needs these beside it.
_WANTED = re.compile(r"prometheus|libjs-[a-z0-9.-]+|fonts-glyphicons-halflings")


class NoPrometheusError(Exception):
    """There is no Prometheus here and none could be fetched."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Prometheus: {why} docker compose --profile observe up has one, with Grafana and Jaeger.")


@dataclass(frozen=True)
class Installation:
    server: Path
    tool: Path
    """promtool, which checks rules."""
    options: tuple[str, ...] = ()


def find_or_fetch(log: Path) -> Installation:
    server, tool = shutil.which("prometheus"), shutil.which("promtool")
    if server is not None and tool is not None:
        return Installation(Path(server), Path(tool))
    try:
        check_can_fetch()
        root = private_copy("prometheus", _unpack, cache_folder(), log)
    except CannotFetchError as error:
        raise NoPrometheusError(str(error)) from error
    except OSError as error:
        raise NoPrometheusError(f"it is not installed and could not be fetched ({error}); see {log}.") from error
    programs = root / "usr/bin"
    # Debian keeps the page's parts beside the program.
    page = f"--web.local-assets={root}/usr/share/prometheus/web"
    return Installation(programs / "prometheus", programs / "promtool", (page,))


def _unpack(packages: Packages, half: Path) -> None:
    packages.update()
    packages.unpack(packages.needed("prometheus", _WANTED), half)
