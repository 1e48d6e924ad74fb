"""A short slice of tests/soak/test_cache_failover.py: the same world, in an order that is always the same."""

from pathlib import Path

from failover_world import failing_cluster


def test_no_acknowledged_refresh_is_undone_while_masters_die_keys_vanish_and_slots_move(
    tmp_path: Path,
) -> None:
    with failing_cluster(tmp_path, seed=12) as world:
        world.run(steps=200, fault_every=20)
    assert world.stale == []
    assert world.counts["refreshes acknowledged"] > 10
    assert world.counts["CacheHit"] > 10
