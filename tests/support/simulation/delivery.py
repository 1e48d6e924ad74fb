"""Events that are withheld, and then delivered in a chosen order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from simulation.world import World


class Change(NamedTuple):
    """A change of an original: "good", "delete" or another kind that simulation.orderly knows."""

    kind: str
    key: str


def deliver(world: World, order: tuple[int, ...], *, at_once: bool = False) -> None:
    """Delivers the withheld events in this order, each after the one before it has had its effect, unless at once."""
    assert world.withheld is not None
    for index in order:
        world.states.start(*world.withheld[index])
        if not at_once:
            world.scheduler.run()
    world.scheduler.run()
