"""The network that a cluster is hurt in: cables can be pulled, and nothing of it outlives the tests."""

import asyncio
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from libs.testing.wait import until
from ops.stack.paths import REPOSITORY
from tests.faults.network import Host, Network, NoNetworkError

# Nobody listens there: a host that is reached says so, one that is not says nothing.
PORT = 9
# What a host does that wants to reach another one.
CALL = f"""
import socket, sys
try:
    socket.create_connection((sys.argv[1], {PORT}), timeout=1)
except ConnectionRefusedError:
    print("reached")
except OSError:
    print("silence")
"""
# Tests that make a network and end without a word.
DYING = """
import asyncio, os, signal
from pathlib import Path
from tests.faults.network import Network

async def main():
    async with Network.open(1, Path(os.devnull)) as network:
        print(network.hosts[0].address, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    try:
        async with Network.open(2, tmp_path / "network.log") as network:
            yield network
    except NoNetworkError as error:
        pytest.skip(f"no cable was pulled, which only root can do: {error}")


async def reaches(host: Host, address: str) -> bool:
    return "reached" in await said(*host.inside, sys.executable, "-c", CALL, address)


async def said(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY)
    output, _ = await process.communicate()
    return output.decode()


async def test_who_is_cut_off_is_reached_by_clients_alone(network: Network) -> None:
    one, other = network.hosts
    assert await reaches(one, other.peer_address)
    await network.cut_off(0)
    assert not await reaches(one, other.peer_address)
    assert not await reaches(other, one.peer_address)
    assert await reaches(Host(), one.address)
    await network.heal(0)
    # Who was asked for in vain is asked for again after a moment.
    await until(partial(reaches, one, other.peer_address))


@pytest.mark.usefixtures("network")
async def test_nothing_is_left_when_the_tests_are_killed() -> None:
    address = (await said(sys.executable, "-c", DYING)).strip()
    assert address

    async def gone() -> bool:
        return address.rpartition(".")[0] not in await said("ip", "-brief", "address")

    await until(gone)
