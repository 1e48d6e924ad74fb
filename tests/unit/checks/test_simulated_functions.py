"""The simulation connects the functions to its own world, and then leaves this process as it found it."""

import os
from typing import Any

from simulation.tasks import Tasks, functions_as_found

from imageservice.adapters.logging import logger
from inspect_original import bootstrap as inspect_bootstrap
from remove_renditions import bootstrap as remove_bootstrap
from resize import bootstrap as resize_bootstrap
from retire_renditions import bootstrap as retire_bootstrap

METRICS = "POWERTOOLS_METRICS_DISABLED"


def process() -> tuple[Any, ...]:
    return (
        os.environ.get(METRICS),
        logger.log_level,
        inspect_bootstrap.dependencies,
        resize_bootstrap.sizer,
        retire_bootstrap.retirer,
        remove_bootstrap.dependencies,
    )


def test_nothing_of_the_simulated_world_outlives_it() -> None:
    found = process()
    with functions_as_found():
        world: Any = None
        Tasks(world, world, world, world, print).connect_functions(world, world)
        changed = process()
    assert process() == found
    assert not any(one == other for one, other in zip(found, changed, strict=True))
