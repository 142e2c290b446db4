"""Where RabbitMQ's programs are: the system's, or a private copy of Debian's packages that needs no root."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ops.stack.debian import CannotFetchError, cache_folder, check_can_fetch
from ops.stack.rabbitmq_fetch import fetch

WAYS_OUT = (
    "Ways out: install rabbitmq-server with your system's package manager,\n"
    "set AMQP_URL to a RabbitMQ that you have,\n"
    "or use docker compose up."
)


class NoRabbitMQError(Exception):
    """There is no RabbitMQ here and none could be fetched."""

    def __init__(self, why: str) -> None:
        super().__init__(f"RabbitMQ: {why}\n{WAYS_OUT}")


@dataclass(frozen=True)
class Installation:
    server: Path
    epmd: Path
    env: dict[str, str]


def find_or_fetch(log: Path) -> Installation:
    """The system's, if there is one. Fetching takes seconds and happens once for all clones of a user."""
    found = _of_the_system()
    if found is not None:
        return found
    try:
        check_can_fetch()
    except CannotFetchError as error:
        raise NoRabbitMQError(str(error)) from error
    cache = cache_folder()
    if any(character.isspace() for character in str(cache)):
        raise NoRabbitMQError(
            f"its start script does not work in {cache}; set XDG_CACHE_HOME to a path without spaces."
        )
    try:
        root = fetch(cache, log)
    except OSError as error:
        raise NoRabbitMQError(f"it is not installed and could not be fetched ({error}); see {log}.") from error
    erlang = root / "usr/lib/erlang/bin"
    libraries = ":".join(
        str(folder) for pattern in ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*") for folder in root.glob(pattern)
    )
    return Installation(
        server=root / "usr/lib/rabbitmq/bin/rabbitmq-server",
        epmd=erlang / "epmd",
        env={"PATH": f"{erlang}:{os.environ.get('PATH', os.defpath)}", "LD_LIBRARY_PATH": libraries},
    )


def _of_the_system() -> Installation | None:
    erl = shutil.which("erl")
    if erl is None:
        return None
    epmd = shutil.which("epmd") or str(Path(erl).resolve().with_name("epmd"))
    on_path = shutil.which("rabbitmq-server")
    for server in (Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), *([Path(on_path)] if on_path else [])):
        # Debian's /usr/sbin/rabbitmq-server is a wrapper that switches user and paths.
        if server.is_file() and server.resolve().name == "rabbitmq-server" and Path(epmd).is_file():
            return Installation(server, Path(epmd), {"PATH": os.environ.get("PATH", os.defpath)})
    return None
