"""One fault in the middle of a load, and what there is afterwards."""

from random import Random

from tests.faults.every_fault import Fault
from tests.faults.ledger import Findings
from tests.faults.load import Load
from tests.faults.rest import at_rest
from tests.faults.stage import Stage


async def try_out(stage: Stage, fault: Fault, dice: Random) -> Findings:
    async with Load.running(stage, dice) as load:
        await load.flows()
        await fault(stage, load, dice)
    return await at_rest(stage)
