"""What `./scripts/bench bulk --live` uploads, and when it finds that something went wrong."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from dev.benchmarks.bulk_live import options
from dev.benchmarks.bulk_mix import MIXED, PHOTOS, Put, in_order, mixed
from dev.benchmarks.bulk_report import Ran, Report, Took
from dev.benchmarks.bulk_watch import Reads, Watched
from imageservice_operator.operations.images import Image

PERCENT = {"broken": 10, "same": 5, "replaced": 15, "removed": 20, "twice": 25}


def image(image_id: str, status: str, version: str) -> Image:
    return Image(image_id, status, 1, "", None, None, {"upload": {"version_id": version}})


def report(statuses: dict[int, int], status: str = "READY", retries: int = 0, **left: int) -> Report:
    """Ten photos, of which the first ended with this status."""
    planned = mixed(10, {})
    found = {each.id: image(each.id, "READY", "1") for each in planned}
    found[planned[0].id] = image(planned[0].id, status, "1")
    return Report(
        planned,
        found,
        {each.id: "1" for each in planned},
        [Ran("alone", "READY", 12, 0, 1)],
        [Ran(each.id, "READY", 12 + retries, retries, 1) for each in planned],
        {"API": Reads(Counter({302: 1}), [0.1])},
        Watched({"API": Reads(Counter(statuses), [0.1])}),
        Took(1, 2, {"stack": 1}, {"wall_s": 1, "cpu_s": 1}, 1),
        left,
    )


def test_a_mix_has_its_share_of_each_kind() -> None:
    counted = Counter(each.kind for each in mixed(200, PERCENT))
    assert counted == {"photo": 50, "broken": 20, "same": 10, "replaced": 30, "removed": 40, "twice": 50}


def test_the_same_seed_makes_the_same_mix_and_another_one_another() -> None:
    assert mixed(50, PERCENT) == mixed(50, PERCENT)
    assert mixed(50, PERCENT) != mixed(50, PERCENT, seed=2)


def test_every_step_of_an_image_comes_once_and_after_those_before_it() -> None:
    images = mixed(100, PERCENT)
    ordered = list(in_order(images))
    assert len(ordered) == sum(len(each.steps) for each in images)
    for each in images:
        assert [step for other, step in ordered if other is each] == list(range(len(each.steps)))


def test_what_an_image_must_end_with_is_what_its_last_step_makes_of_it() -> None:
    for each in mixed(200, PERCENT):
        last = each.steps[-1]
        assert (each.ends == "DELETED") == (last == "delete")
        if isinstance(last, Put) and each.ends == "READY":
            assert (last.file in PHOTOS, last.half, each.served) == (True, False, last.file)


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (report({302: 9}), None),
        (report({302: 9}, "FAILED"), "is FAILED, not READY"),
        (report({302: 9, 503: 1}), "readers at the API got"),
        (report({302: 9}, retries=2), None),
        (report({302: 9}, retries=3), "3.0 retries an upload"),
        (report({302: 9}, failures=1), "failures: 1"),
    ],
)
def test_a_report_names_what_is_wrong(made: Report, line: str | None) -> None:
    assert len(made.wrong) == (line is not None)
    assert line is None or line in made.wrong[0]
    assert "FAILED: 0 of 10 executions" in made.text()


def test_an_older_upload_that_is_ready_is_not_what_must_be_there() -> None:
    good = report({302: 9})
    older = replace(good, versions={**good.versions, "bulk/3": "2"})
    assert [line.partition(" ")[0] for line in older.wrong] == ["bulk/3"]


@pytest.mark.parametrize(
    "arguments",
    ["--uploads 0", "--concurrency 1", "--broken 60 --same 60", "--photos no-such-file.jpg"],
)
def test_options_that_make_no_sense_are_refused(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        options(arguments.split())
    assert ended.value.code == 2
    assert arguments.split()[0] in capsys.readouterr().err


def test_each_kind_can_be_chosen() -> None:
    chosen = options(["--photos", str(Path(__file__)), *(f"--{kind}=1" for kind in MIXED)])
    assert {getattr(chosen, kind) for kind in MIXED} == {1}
