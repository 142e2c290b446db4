"""A private copy of Debian's rabbitmq-server and of the Erlang it needs, unpacked into the user's cache folder."""

import fcntl
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from ops.stack.rabbitmq_plugins import remove_unused

# What else the packages ask for (logrotate, socat, adduser …) serves a system-wide installation.
_WANTED = re.compile(r"rabbitmq-server|erlang-[a-z0-9-]+")
_NO_OTHERS = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]


def fetch(cache: Path, log: Path) -> Path:
    """The folder that stands for `/`. Raises OSError where a package cannot be had."""
    root = cache / f"rabbitmq-with-management-{_system()}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Two clones that start at once fetch it once.
        if not root.exists():
            with TemporaryDirectory(dir=cache) as scratch, log.open("ab") as output:
                _Fetching(Path(scratch), output).unpack_into(root)
    return root


def _system() -> str:
    release = platform.freedesktop_os_release()
    return f"{release['ID']}{release.get('VERSION_ID', '')}-{platform.machine()}"


class _Fetching:
    def __init__(self, scratch: Path, output: IO[bytes]) -> None:
        self._scratch = scratch
        self._output = output
        for folder in ("state/lists/partial", "cache/archives/partial", "packages"):
            (scratch / folder).mkdir(parents=True)
        # apt with lists and a cache of its own: it needs no root and changes nothing outside this folder.
        self._options = [
            *("-o", f"Dir::State={scratch}/state", "-o", "Dir::State::status=/var/lib/dpkg/status"),
            *("-o", f"Dir::Cache={scratch}/cache", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="),
            *("-o", "Acquire::Languages=none", "-o", "Acquire::Retries=2", "-q"),
        ]

    def unpack_into(self, root: Path) -> None:
        self._run("apt-get", *self._options, "update")
        needed = self._run("apt-cache", *self._options, "depends", "--recurse", *_NO_OTHERS, "rabbitmq-server")
        names = {line for line in needed.splitlines() if _WANTED.fullmatch(line)}
        # Shared libraries that this machine does not have yet.
        missing = self._run(
            "apt-get", *self._options, "install", "--simulate", "--no-install-recommends", "rabbitmq-server"
        )
        names |= set(re.findall(r"^Inst (lib\S+)", missing, re.MULTILINE))
        packages = self._scratch / "packages"
        self._run("apt-get", *self._options, "download", *sorted(names), cwd=packages)
        half = self._scratch / "root"
        for package in packages.glob("*.deb"):
            self._run("dpkg-deb", "-x", package, half)
        erlang = half / "usr/lib/erlang"
        for script in (erlang / "bin/erl", *erlang.glob("erts-*/bin/erl")):
            script.write_text(script.read_text().replace("ROOTDIR=/usr/lib/erlang", f"ROOTDIR={root}/usr/lib/erlang"))
        shutil.rmtree(half / "usr/share", ignore_errors=True)
        for plugins in half.glob("usr/lib/rabbitmq/lib/*/plugins"):
            remove_unused(plugins)
        half.rename(root)

    def _run(self, *command: str | Path, cwd: Path | None = None) -> str:
        done = subprocess.run(  # noqa: S603 - fixed commands with names of Debian's packages
            command,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._output,
            text=True,
            check=False,
        )
        self._output.write(done.stdout.encode())
        self._output.flush()
        if done.returncode:
            raise OSError(f"{' '.join(map(str, (command[0], *command[-2:])))} ended with {done.returncode}")
        return done.stdout
