"""What every test starts from: no credentials that could open an AWS account, and local stacks for those that ask."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import samples as sample_images
from imageservice_operator.operations.stack import Stack
from local import background

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    POWERTOOLS_SERVICE_NAME="tests",
    POWERTOOLS_METRICS_NAMESPACE="ImageService",
)

REPOSITORY = Path(__file__).parents[1]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Ctrl-C ends the session, also where a tested program takes it for its own: Click's runner calls it a failure."""

    def stop(number: int, frame: object) -> None:
        session.shouldstop = "interrupted"
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every sample image: the stored ones, those made from them, and `cases/`."""
    message = None
    try:
        return sample_images.gather(tmp_path_factory.mktemp("samples"))
    except sample_images.MissingSample as missing:
        message = str(missing)
    pytest.fail(message, pytrace=False)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One local stack for every test that leaves it whole; those that break something start their own."""
    with background.started(tmp_path_factory.mktemp("stack")) as started:
        yield started
