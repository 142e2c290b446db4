"""A spell of faults at random, the same each time."""

from random import Random

import pytest

from tests.faults.soak import spell
from tests.faults.stage import Stage

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults of messages")]
SEED = 4


async def test_a_spell_of_faults(stage: Stage) -> None:
    await spell(stage, Random(SEED))  # noqa: S311 - no secret, and the same each time
