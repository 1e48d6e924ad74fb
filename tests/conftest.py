"""What every test starts from: no credentials that could open an AWS account, and local stacks for those that ask."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from dev import samples as sample_images
from imageservice_operator.operations.errors import StackNotFound
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
# The stack's own promise is 5 s; a machine that also runs everything else may take longer.
_START_S = 90
_STOP_S = 60


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


@contextmanager
def running_stack(state_dir: Path, *options: str) -> Iterator[Stack]:
    """A local stack of its own on free ports, deployed from template.yaml, gone without a trace afterwards."""
    ports = ("--port", "0", "--redis-port", "0", "--console-port", "0", "--edge-port", "0")
    command = [
        REPOSITORY / ".venv/local/bin/python",
        "-m",
        "local",
        "serve",
        "--state-dir",
        state_dir,
        *ports,
        *options,
    ]
    environment = {**os.environ, "PYTHONPATH": background.PYTHON_PATH}
    log = (state_dir / "serve.log").open("w+")
    server = subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=log, stderr=log)
    try:
        yield _once_ready(server, state_dir)
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=_STOP_S)
        finally:
            server.kill()  # nothing, once it has ended; what it started ends with it
            log.close()


def _once_ready(server: subprocess.Popen[bytes], state_dir: Path) -> Stack:
    give_up = time.monotonic() + _START_S
    while time.monotonic() < give_up and server.poll() is None:
        with suppress(StackNotFound):
            return Stack.local(state_dir)
        time.sleep(0.05)
    pytest.fail(f"the local stack did not start:\n{(state_dir / 'serve.log').read_text()}")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One local stack for every test that leaves it whole; those that break something start their own."""
    with running_stack(tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture(scope="session", name="running_stack")
def stack_runner() -> Callable[..., AbstractContextManager[Stack]]:
    """Starts a stack with options of the test's own: `with running_stack(state_dir, "--parameter", "A=b") as stack`."""
    return running_stack


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """A local stack that a test may break."""
    with running_stack(tmp_path) as started:
        yield started
