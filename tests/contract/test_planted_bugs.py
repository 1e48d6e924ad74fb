"""A planted bug has a place in today's code: a changed line must not take the proof of its check away unnoticed."""

import pytest
from simulation.mutants import Mutant, mutants

from local.options import REPOSITORY


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_what_a_planted_bug_replaces_stands_once_in_its_file(mutant: Mutant) -> None:
    assert (REPOSITORY / mutant.file).read_text().count(mutant.old) == 1
