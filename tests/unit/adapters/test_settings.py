"""The environment as settings."""

from imageservice.adapters.settings import Settings
from imageservice.core.limits import Limits


def test_what_the_environment_does_not_say_keeps_its_default() -> None:
    assert Settings.from_environment({}).limits == Limits()


def test_an_empty_variable_is_one_that_says_nothing() -> None:
    assert Settings.from_environment({"MAX_BYTES": "", "CACHE_URL": ""}) == Settings()


def test_numbers_are_numbers() -> None:
    assert Settings.from_environment({"MAX_PIXELS": "7"}).limits.max_pixels == 7
