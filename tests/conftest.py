"""What every test starts with: no credentials that could open an AWS account, and local stacks for those that ask."""

import inspect
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from waiting import HANG_S

from dev import samples as sample_images
from dev.checks.leftovers import end_leftovers
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
    OPENBLAS_NUM_THREADS="1",  # as in template.yaml, before anything imports numpy
)

# httpx gives up after 5 s, a busy machine does not. All its functions and clients share this one default.
_DEFAULT = inspect.signature(httpx.get).parameters["timeout"].default
_DEFAULT.connect = _DEFAULT.read = _DEFAULT.write = _DEFAULT.pool = HANG_S

TEMPORARY = pytest.StashKey[Path]()
SESSION = "IMAGE_SERVICE_TEST_SESSION"


def pytest_configure(config: pytest.Config) -> None:
    """Marks what tests start and write: processes by a variable, temporary files by a folder of this session's own.

    Those of `tmp_path` are pytest's, which keeps them if a test failed.
    """
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    config.stash[TEMPORARY] = folder = Path(tempfile.mkdtemp(prefix="tests-"))
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    os.environ[SESSION] = folder.name


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A session that leaves a process or a temporary file behind has failed, and names it."""
    folder = session.config.stash[TEMPORARY]
    left = [f"process {each}" for each in end_leftovers(folder.name, 10, SESSION)]
    left += [f"temporary file: {path}" for path in sorted(folder.iterdir())]
    shutil.rmtree(folder)
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        assert reporter is not None
        reporter.write_line("")
        for each in left:
            reporter.write_line(f"left behind: {each}", red=True)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Ctrl-C and SIGTERM end the session in order, also where Click's runner swallows the interrupt."""

    def stop(number: int, frame: object) -> None:
        session.shouldstop = "interrupted"
        raise KeyboardInterrupt

    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, stop)


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
