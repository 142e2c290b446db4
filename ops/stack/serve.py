"""The supervisor's own process: `python -m ops.stack.serve FOLDER [--no-apps] [--scratch] [--observe] [--attached]`."""

import argparse
import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

from ops.stack.bring_up import BringUp
from ops.stack.credentials import Credentials
from ops.stack.logs import rotate
from ops.stack.options import StackOptions
from ops.stack.orphans import end_orphans
from ops.stack.paths import StackPaths
from ops.stack.plan import make_plan
from ops.stack.ports import NoFreePortError, PortReservations
from ops.stack.postgres_binaries import NoPostgresError
from ops.stack.process import StartError
from ops.stack.process_id import ProcessId
from ops.stack.rabbitmq_install import NoRabbitMQError
from ops.stack.state import ANOTHER_IS_RUNNING, Phase, State, SupervisorLock
from ops.stack.supervisor import Supervisor

# What a person can do something about; anything else is a bug and shows its traceback.
_EXPECTED = (StartError, NoFreePortError, NoPostgresError, NoRabbitMQError)


async def serve(layout: StackPaths, kind: StackOptions, *, attached: bool) -> int:
    layout.make()
    lock = SupervisorLock(layout)
    if not lock.take():
        return ANOTHER_IS_RUNNING
    end_orphans(State.read(layout.state))
    rotate(layout)
    state = State(Phase.STARTING, supervisor=ProcessId.own())
    save = partial(state.write, layout.state)
    save()
    stop = _stop_requests(attached=attached)
    supervisor = Supervisor(state, save)
    try:
        await _until_stopped(layout, kind, state, supervisor, stop)
    except* _EXPECTED as group:
        error = _first(group)
        state.phase, state.error = Phase.FAILED, str(error)
        state.guilty = error.name if isinstance(error, StartError) else None
    finally:
        if state.phase is not Phase.FAILED:
            state.phase = Phase.STOPPING
        save()
        await supervisor.stop()
        if state.phase is not Phase.FAILED:
            state.phase = Phase.DOWN
        save()
    return int(state.phase is Phase.FAILED)


async def _until_stopped(
    layout: StackPaths, kind: StackOptions, state: State, supervisor: Supervisor, stop: asyncio.Event
) -> None:
    plan = make_plan(kind, Credentials.at(layout.secrets), PortReservations())
    state.addresses, state.notes = plan.addresses, plan.notes
    save = partial(state.write, layout.state)
    coming_up = asyncio.create_task(BringUp(layout, plan, state, supervisor, save).run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((coming_up, stopping), return_when=asyncio.FIRST_COMPLETED)
    if stopping.done():
        coming_up.cancel()
        await asyncio.wait((coming_up,))
        return
    coming_up.result()
    state.phase = Phase.READY
    save()
    await stopping


def _stop_requests(*, attached: bool) -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if attached:
        # Whoever started this holds the other end of its input open, and it closes however that one ends.
        def closed() -> None:
            loop.remove_reader(sys.stdin)
            stop.set()

        loop.add_reader(sys.stdin, closed)
    return stop


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-apps", action="store_true")
    parser.add_argument("--scratch", action="store_true")
    parser.add_argument("--observe", action="store_true")
    parser.add_argument("--attached", action="store_true")
    options = parser.parse_args()
    kind = StackOptions(apps=not options.no_apps, scratch=options.scratch, observe=options.observe)
    return asyncio.run(serve(StackPaths(options.folder), kind, attached=options.attached))


if __name__ == "__main__":
    sys.exit(main())
