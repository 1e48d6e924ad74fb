"""Lists that name the files of a folder: none is missing, and none is left out."""

from dev.benchmarks import processes
from dev.checks import ROOT
from local import patches


def test_every_patch_is_applied_once() -> None:
    modules = {path.stem for path in (ROOT / "scripts" / "local" / "patches").glob("*.py")}
    assert sorted(patches.NAMES) == sorted(modules - {"__init__", "patch"})


def test_every_benchmark_program_is_a_contender_and_every_contender_has_a_name_and_a_color_of_its_own() -> (
    None
):
    folder = ROOT / "scripts" / "dev" / "benchmarks" / "contenders"
    programs = {path.name for path in folder.iterdir() if path.suffix in (".py", ".mjs")} - {"__init__.py"}
    assert {contender.program for contender in processes.CONTENDERS} == programs
    for column in ("name", "color"):
        values = [getattr(contender, column) for contender in processes.CONTENDERS]
        assert len(set(values)) == len(values)
