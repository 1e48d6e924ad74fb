"""What imageservice.adapters.cache_generation needs from the template: a change of `Cache` serves nothing stale."""

import pytest

from dev.checks.template import functions, template
from imageservice.adapters.cache_generation import LIFETIMES
from local.deployment.conditions import Conditions

CACHES = ["none", "serverless", "cluster", "external"]


def test_readers_leave_a_cache_before_refreshes_do() -> None:
    assert template()["Resources"]["RefreshCacheFunction"]["DependsOn"] == "ReaderFunction"


def test_readers_and_refreshes_are_given_the_same_cache() -> None:
    reader, refresh = (
        functions()[name]["Environment"]["Variables"] for name in ("ReaderFunction", "RefreshCacheFunction")
    )
    caches = {name for name in reader if name.startswith("CACHE_")}
    assert caches
    assert {name: reader[name] for name in caches} == {name: refresh.get(name) for name in caches}


@pytest.mark.parametrize("cache", CACHES)
def test_the_mark_is_renewed_before_it_ends_where_there_is_a_cache(cache: str) -> None:
    (schedule,) = (
        event["Properties"]
        for event in functions()["RefreshCacheFunction"]["Events"].values()
        if event["Type"] == "Schedule"
    )
    assert schedule["Schedule"] == "rate(1 minute)"
    assert LIFETIMES.mark > 60
    state = Conditions(template(), {"Cache": cache}).without_ifs(schedule["State"])
    assert state == ("DISABLED" if cache == "none" else "ENABLED")


def test_all_refreshes_change_to_a_new_cache_at_once() -> None:
    """Two versions that take turns would take the cache from each other, and hold all refreshes."""
    assert "DeploymentPreference" not in functions()["RefreshCacheFunction"]
