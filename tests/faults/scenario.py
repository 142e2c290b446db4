"""One fault in the middle of a load, and what there is afterwards."""

from random import Random

from tests.faults.cluster import Cluster
from tests.faults.every_fault import Fault
from tests.faults.load import Load
from tests.faults.quiescence import wait_until_quiescent
from tests.faults.write_log import Findings


async def run_scenario(stage: Cluster, fault: Fault, dice: Random) -> Findings:
    async with Load.running(stage, dice) as load:
        await load.flows()
        await fault(stage, load, dice)
    return await wait_until_quiescent(stage)
