"""Starting and stopping: one at a time, on loopback only, nothing left behind."""

import contextlib
import json
import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from waiting import HANG_S, until

from imageservice_operator.operations.stack import Stack
from local import background
from local.options import DEFAULT_WORKERS

SAMPLE = Path(__file__).parent / "sample" / "template.yaml"
FREE = (*background.FREE_PORTS, f"--template={SAMPLE}")
Served = tuple[subprocess.Popen[str], list[int], Stack, Path]


def serve(state_dir: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [background.PYTHON, "-m", "local", "serve", f"--state-dir={state_dir}", *FREE, *options],
        env={"PYTHONPATH": background.PYTHON_PATH, "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def children(pid: int) -> list[int]:
    """All processes below `pid`."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(status.parent.name)
            found += [child, *children(child)]
    return found


def workers(pid: int) -> list[int]:
    """The processes of functions below `pid`."""
    return [
        child for server in children(pid) if "fork_server" in command(server) for child in children(server)
    ]


def running(pids: list[int]) -> list[int]:
    return [pid for pid in pids if command(pid)]


def command(pid: int) -> str:
    """The command line of a process; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def wait_until_gone(pids: list[int]) -> None:
    until(lambda: not running(pids), lambda: f"these run: {running(pids)}")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A stack of its own with a busy worker: its process, all processes below it, and how to reach it."""
    process = serve(tmp_path)
    assert process.stdout.readline().startswith("ready")
    stack = Stack.local(tmp_path)
    stack.client("lambda").invoke(
        FunctionName=stack.outputs["EchoArn"], InvocationType="Event", Payload=json.dumps({"sleep": 100})
    )
    until(lambda: workers(process.pid), "a worker")
    yield process, children(process.pid), stack, tmp_path
    process.kill()
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_stack(served: Served, number: signal.Signals) -> None:
    process, below, _, _ = served
    process.send_signal(number)
    process.wait(HANG_S)
    assert len(below) >= 4
    wait_until_gone(below)


def consoles(pid: int) -> list[int]:
    return [child for child in children(pid) if "imageservice_operator.console" in command(child)]


def test_the_console_starts_with_its_first_request_and_ends_with_the_stack(served: Served) -> None:
    process, _, stack, _ = served
    assert consoles(process.pid) == []
    for _ in range(2):
        assert "<title>" in httpx.get(f"{stack.console_url}/", timeout=HANG_S).text
        (console,) = consoles(process.pid)
    process.kill()
    wait_until_gone([console])


def test_a_stopped_stack_takes_its_description_along(served: Served) -> None:
    process, _, _, state_dir = served
    process.terminate()
    assert process.wait(HANG_S) == 0
    assert not (state_dir / "stack.json").exists()


def test_a_stack_stops_without_waiting_for_calls_of_functions_in_progress(served: Served) -> None:
    process, _, stack, state_dir = served

    def call(_: int) -> None:
        with contextlib.suppress(BotoCoreError, ClientError):
            stack.client("lambda").invoke(FunctionName=stack.outputs["EchoArn"], Payload='{"sleep": 100}')

    with ThreadPoolExecutor(DEFAULT_WORKERS + 2) as callers:  # two of them wait for a worker
        calls = [callers.submit(call, number) for number in range(DEFAULT_WORKERS + 2)]
        until(lambda: len(workers(process.pid)) == DEFAULT_WORKERS, "all workers")
        assert not any(each.done() for each in calls)
        below = children(process.pid)
        process.terminate()
        assert process.wait(HANG_S) == 0
    wait_until_gone(below)
    assert "did not stop" not in (state_dir / "logs" / "stack.log").read_text()


def test_a_stack_stopped_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    process = serve(tmp_path)
    below = until(lambda: children(process.pid), "its first process")
    process.send_signal(signal.SIGINT)
    assert process.wait(HANG_S) == 0
    wait_until_gone(below)
    assert not (tmp_path / "stack.json").exists()


def open_files(pid: int) -> int:
    """The soft limit of a process."""
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return int(next(line.split()[3] for line in limits if line.startswith("Max open files")))


@pytest.fixture
def usual_limit() -> Iterator[None]:
    """The soft limit of open files that most systems have, for the processes that the test starts."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_stack_may_open_more_files_than_is_usual_and_a_function_as_many_as_on_lambda(
    usual_limit: None, served: Served
) -> None:
    process, _, _, _ = served
    (worker,) = workers(process.pid)
    assert open_files(process.pid) == min(10_240, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    assert open_files(worker) == 1024


def test_everything_listens_on_loopback_only(served: Served) -> None:
    process, below, _, _ = served
    listening = subprocess.run(["ss", "-ltnp"], capture_output=True, text=True, check=False).stdout
    if not listening:  # no `ss` on this machine: the same from the kernel, for all processes of this stack
        inodes = {
            match[1]
            for pid in [process.pid, *below]
            for link in Path(f"/proc/{pid}/fd").glob("*")
            if (match := re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink())))
        }
        lines = [
            line.split()
            for name in ("tcp", "tcp6")
            for line in Path(f"/proc/net/{name}").read_text().splitlines()
        ]
        hosts = {line[1].split(":")[0] for line in lines if line[3] == "0A" and line[9] in inodes}
        assert hosts == {"0100007F"}
        return
    ours = [
        line for line in listening.splitlines() if any(f"pid={pid}," in line for pid in [process.pid, *below])
    ]
    assert ours
    assert all(line.split()[3].startswith("127.0.0.1:") for line in ours)


def test_a_second_stack_on_the_same_directory_says_so(served: Served) -> None:
    first, _, stack, state_dir = served
    second = serve(state_dir)
    output, complaint = second.communicate(timeout=HANG_S)
    assert (second.returncode, output) == (1, "")
    assert complaint == f"already running in {state_dir} (process {first.pid})\n"
    assert Stack.local(state_dir) == stack


def test_a_given_redis_is_used_instead_of_one_of_its_own(stack: Stack, tmp_path: Path) -> None:
    with background.started(tmp_path, f"--template={SAMPLE}", f"--redis-url={stack.redis_url}") as other:
        assert other.redis_url == stack.redis_url


def test_two_stacks_run_side_by_side(stack: Stack, tmp_path: Path) -> None:
    with background.started(tmp_path, f"--template={SAMPLE}") as other:
        stack.client("s3").put_object(Bucket=stack.outputs["BucketName"], Key="only-here")
        listed = other.client("s3").list_objects_v2(Bucket=other.outputs["BucketName"])
        assert listed["KeyCount"] == 0
