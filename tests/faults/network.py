"""Hosts that this machine pretends to be, for the brokers of a cluster, and cables between them that can be pulled.

Each host is a network namespace without a name, held by a process that does nothing. When those end, however the tests
end, namespaces, cables and addresses are gone as well.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from libs.testing.wait import until
from ops.stack import child
from ops.stack.ports import HOST

TOOLS: Final = ("ip", "nsenter", "unshare")
# The two networks are meant for tests of networks: nobody lives there.
CLIENTS: Final = "198.18"
PEERS: Final = "198.19"
NETWORKS: Final = 256


class NoNetworkError(Exception):
    """Hosts cannot be made here."""


@dataclass(frozen=True)
class Host:
    """Where a broker lives. Unless a network was made for it, that is here."""

    address: str = HOST
    """For clients."""
    peer_address: str = HOST
    """For other brokers."""
    inside: tuple[str, ...] = ()
    """What a command begins with that runs there."""


@dataclass(frozen=True)
class Network:
    """Two switches: over one the hosts are reached from here, over the other they reach each other."""

    hosts: Sequence[Host]
    _switches: tuple[str, ...]

    @classmethod
    @asynccontextmanager
    async def open(cls, count: int, log: Path) -> AsyncIterator[Self]:
        """Raises NoNetworkError where there are no tools for it, or one has to be root."""
        if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
            raise NoNetworkError(f"a network of the tests' own needs {', '.join(missing)}")
        async with AsyncExitStack() as stack:
            switches = _inside(await _namespace(stack, log))
            number = await _way_there(switches)
            for name in ("clients", "peers"):
                await _ip(switches, "link", "add", name, "type", "bridge")
                await _ip(switches, "link", "set", name, "up")
            await _ip(switches, "link", "set", "here", "master", "clients", "up")
            hosts = []
            for index in range(count):
                holder = await _namespace(stack, log)
                host = Host(f"{CLIENTS}.{number}.{index + 2}", f"{PEERS}.{number}.{index + 2}", _inside(holder))
                await _ip(host.inside, "link", "set", "lo", "up")
                for name, address in (("clients", host.address), ("peers", host.peer_address)):
                    plug = f"{name}{index}"
                    await _ip(
                        switches, *("link", "add", plug, "type", "veth", "peer", "name", name, "netns", str(holder))
                    )
                    await _ip(switches, "link", "set", plug, "master", name, "up")
                    await _ip(host.inside, "address", "add", f"{address}/24", "dev", name)
                    await _ip(host.inside, "link", "set", name, "up")
                hosts.append(host)
            yield cls(hosts, switches)

    async def cut_off(self, index: int) -> None:
        """From the other hosts. Clients reach it still."""
        await _ip(self._switches, "link", "set", f"peers{index}", "down")

    async def heal(self, index: int) -> None:
        await _ip(self._switches, "link", "set", f"peers{index}", "up")


async def _namespace(stack: AsyncExitStack, log: Path) -> int:
    """The process that holds it."""
    holder = await child.start(
        ("unshare", "--net", "sleep", "infinity"),
        env=os.environ,
        cwd=Path("/"),
        log=log,
        on_parent_death=signal.SIGKILL,
    )

    async def end() -> None:
        if holder.returncode is None:
            holder.kill()
        await holder.wait()

    stack.push_async_callback(end)
    here = _network_of(os.getpid())

    def made() -> bool:
        return holder.returncode is not None or _network_of(holder.pid) != here

    await until(made)
    if holder.returncode is not None:
        raise NoNetworkError("only root may make a network of the tests' own")
    return holder.pid


def _network_of(process: int) -> str:
    return str(Path(f"/proc/{process}/ns/net").readlink())


def _inside(holder: int) -> tuple[str, ...]:
    return ("nsenter", f"--net=/proc/{holder}/ns/net", "--")


async def _way_there(switches: tuple[str, ...]) -> int:
    """A cable from here to the switches. Returns the number of the network, which nobody else on this machine has."""
    refused = None
    for number in range(NETWORKS):
        name = f"shop-test{number}"
        try:
            await _ip(
                switches,
                *("link", "add", "here", "type", "veth", "peer", "name", name, "netns", str(os.getpid())),
            )
        except NoNetworkError as error:
            refused = error
            continue
        await _ip((), "address", "add", f"{CLIENTS}.{number}.1/24", "dev", name)
        await _ip((), "link", "set", name, "up")
        return number
    raise NoNetworkError(f"no network of the tests' own: {refused}")


async def _ip(inside: tuple[str, ...], *arguments: str) -> None:
    telling = await asyncio.create_subprocess_exec(
        *inside, "ip", *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, said = await telling.communicate()
    if telling.returncode != 0:
        raise NoNetworkError(f"ip {' '.join(arguments)}: {said.decode().strip()}")
