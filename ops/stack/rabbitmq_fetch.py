"""A private copy of Debian's rabbitmq-server and of the Erlang it needs."""

import re
import shutil
from pathlib import Path

from ops.stack.debian import Packages, private_copy
from ops.stack.rabbitmq_plugins import remove_unused

_WANTED = re.compile(r"rabbitmq-server|erlang-[a-z0-9-]+")


def fetch(cache: Path, log: Path) -> Path:
    """The folder that stands for `/`. Raises OSError where a package cannot be had."""
    return private_copy("rabbitmq-with-management", _unpack, cache, log)


def _unpack(packages: Packages, half: Path) -> None:
    packages.update()
    names = packages.needed("rabbitmq-server", _WANTED) | packages.missing_libraries("rabbitmq-server")
    packages.unpack(names, half)
    erlang = half / "usr/lib/erlang"
    for script in (erlang / "bin/erl", *erlang.glob("erts-*/bin/erl")):
        script.write_text(
            script.read_text().replace("ROOTDIR=/usr/lib/erlang", f"ROOTDIR={packages.root}/usr/lib/erlang")
        )
    shutil.rmtree(half / "usr/share", ignore_errors=True)
    for plugins in half.glob("usr/lib/rabbitmq/lib/*/plugins"):
        remove_unused(plugins)
