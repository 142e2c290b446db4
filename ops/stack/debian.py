"""Private copies of Debian's packages, unpacked into the user's cache folder. They need no root."""

import fcntl
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

# What else packages ask for (logrotate, adduser …) serves a system-wide installation.
_NO_OTHERS = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]


class CannotFetchError(Exception):
    """Why this machine cannot have a private copy."""


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shop"


def check_can_fetch() -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise CannotFetchError("it is not installed, and only on Debian and Ubuntu can it be fetched.")


def private_copy(name: str, unpack: Callable[["Packages", Path], None], cache: Path, log: Path) -> Path:
    """The folder that stands for `/`. `unpack` fills it, once for all. Raises OSError where a package cannot be had."""
    root = cache / f"{name}-{_system()}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Two clones that start at once fetch it once.
        if not root.exists():
            with TemporaryDirectory(dir=cache) as scratch, log.open("ab") as output:
                half = Path(scratch) / "root"
                unpack(Packages(Path(scratch), output, root), half)
                half.rename(root)
    return root


def _system() -> str:
    release = platform.freedesktop_os_release()
    return f"{release['ID']}{release.get('VERSION_ID', '')}-{platform.machine()}"


class Packages:
    """`root` is where what is unpacked will stand in the end."""

    def __init__(self, scratch: Path, output: IO[bytes], root: Path) -> None:
        self._scratch = scratch
        self._output = output
        self.root = root
        for folder in ("state/lists/partial", "cache/archives/partial", "packages"):
            (scratch / folder).mkdir(parents=True)
        # apt with lists and a cache of its own: it needs no root and changes nothing outside this folder.
        self._options = [
            *("-o", f"Dir::State={scratch}/state", "-o", "Dir::State::status=/var/lib/dpkg/status"),
            *("-o", f"Dir::Cache={scratch}/cache", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="),
            *("-o", "Acquire::Languages=none", "-o", "Acquire::Retries=2", "-q"),
        ]

    def update(self) -> None:
        self._run("apt-get", *self._options, "update")

    def needed(self, package: str, wanted: re.Pattern[str]) -> set[str]:
        """Itself and what it depends on, as far as that is wanted."""
        listed = self._run("apt-cache", *self._options, "depends", "--recurse", *_NO_OTHERS, package)
        return {line for line in listed.splitlines() if wanted.fullmatch(line)}

    def missing_libraries(self, package: str) -> set[str]:
        """Shared libraries that this machine does not have yet."""
        planned = self._run("apt-get", *self._options, "install", "--simulate", "--no-install-recommends", package)
        return set(re.findall(r"^Inst (lib\S+)", planned, re.MULTILINE))

    def unpack(self, names: Iterable[str], target: Path) -> None:
        packages = self._scratch / "packages"
        self._run("apt-get", *self._options, "download", *sorted(names), cwd=packages)
        for package in packages.glob("*.deb"):
            self._run("dpkg-deb", "-x", package, target)

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
