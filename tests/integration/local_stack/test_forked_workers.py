"""Workers are forked from a process that has the functions' packages: they work like those that start by themselves."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import until

from local.background import REPOSITORY
from local.deployment import source
from local.lambda_runtime import environment
from local.lambda_runtime.processes import FORK_SERVER, ForkServer, Process, Processes, Spawned
from local.lambda_runtime.worker import Worker

PYTHON = REPOSITORY / ".venv" / "functions" / "bin" / "python"
HANDLER = """
import json, os, resource, signal, sys, threading

def handle(event, context):
    if "exit" in event:
        os._exit(event["exit"])
    if "hang" in event:
        threading.Event().wait()
    fds = {fd: os.readlink(f"/proc/self/fd/{fd}").partition(":")[0] for fd in ("0", "1", "2")}
    return {
        "environment": {name: value for name, value in os.environ.items() if name != "AWS_LAMBDA_RUNTIME_API"},
        "path": sys.path, "folder": os.getcwd(), "argv": sys.argv[1:], "files": fds,
        "number of files": len(os.listdir("/proc/self/fd")), "leader": os.getsid(0) == os.getpid(),
        "limit": resource.getrlimit(resource.RLIMIT_NOFILE), "threads": threading.active_count(),
        "signals": [str(signal.getsignal(each)) for each in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE)],
        "wakeup": signal.set_wakeup_fd(-1), "pid": os.getpid(),
    }
"""
Start = Callable[..., Worker]


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "function.py").write_text(HANDLER)
    return folder


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with Processes(PYTHON, tmp_path / "fork-servers.log") as running:
        yield running


@pytest.fixture
def start(code: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a worker that `start_process` starts, with these variables of the function's own."""
    workers = []

    def start(start_process: Callable[..., Process], **variables: str) -> Worker:
        config = {
            "FunctionName": "function",
            "FunctionArn": "arn:aws:lambda:us-east-1:1:function:function",
            "Handler": "function.handle",
            "Environment": {"Variables": variables},
        }

        def started(address: str) -> Process:
            all_variables = environment.of_function(config, code, address, "http://127.0.0.1:1", {})
            return start_process("function.handle", code, all_variables)

        workers.append(Worker(started, tmp_path / "function.log"))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()


def spawned(handler: str, code: Path, variables: dict[str, str]) -> Process:
    return Spawned(PYTHON, handler, code, variables)


def answer(worker: Worker, **event: Any) -> Any:
    return worker.invoke(event, "id", "arn", 240, None).payload


def of_forked_server(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])


def test_a_forked_worker_finds_what_one_finds_that_started_by_itself(
    start: Start, processes: Processes
) -> None:
    forked, alone = (
        answer(start(how, SIZE="7", EMPTY="", UMLAUT="ä\n")) for how in (processes.start, spawned)
    )
    assert forked.pop("pid") != alone.pop("pid")
    assert forked == alone
    assert forked["environment"]["UMLAUT"] == "ä\n"


def test_workers_share_a_server_unless_they_differ_in_what_is_read_at_start(
    start: Start, processes: Processes
) -> None:
    first, second, other = (
        answer(start(processes.start, **variables))
        for variables in ({"SIZE": "1"}, {"SIZE": "2"}, {"MALLOC_ARENA_MAX": "1"})
    )
    servers = [of_forked_server(found["pid"]) for found in (first, second, other)]
    assert servers[0] == servers[1] != servers[2]
    assert [found["environment"].get("SIZE") for found in (first, second, other)] == ["1", "2", None]
    at_start = Path(f"/proc/{servers[2]}/environ").read_text().split("\0")
    assert "MALLOC_ARENA_MAX=1" in at_start


def test_its_exit_status_and_its_signal_are_reported(start: Start, processes: Processes) -> None:
    assert "exit status 3" in answer(start(processes.start), exit=3)["errorMessage"]
    worker = start(processes.start)
    os.kill(answer(worker)["pid"], signal.SIGTERM)
    until(lambda: not worker.alive, "the worker's end")
    assert "SIGTERM" in answer(worker)["errorMessage"]


def test_a_killed_worker_is_gone_and_its_server_forks_the_next(start: Start, processes: Processes) -> None:
    first = start(processes.start)
    server = of_forked_server(first.pid)
    assert first.invoke({"hang": True}, "id", "arn", 0.1, None).timed_out
    assert not Path(f"/proc/{first.pid}").exists()
    assert of_forked_server(start(processes.start).pid) == server


def test_a_server_that_is_killed_is_replaced_and_its_workers_end(start: Start, processes: Processes) -> None:
    worker = start(processes.start)
    pid = answer(worker)["pid"]
    os.kill(of_forked_server(pid), signal.SIGKILL)
    until(lambda: not worker.alive, "the worker's end")
    worker.kill()
    until(lambda: not Path(f"/proc/{pid}").exists(), "the process's end")
    assert answer(start(processes.start))["pid"] != pid


def test_a_worker_whose_server_ends_before_it_can_kill_it_has_ended(
    start: Start, processes: Processes
) -> None:
    worker = start(processes.start)
    pid = answer(worker)["pid"]
    server = of_forked_server(pid)
    os.kill(server, signal.SIGSTOP)
    worker.start_killing()
    os.kill(server, signal.SIGKILL)
    worker.kill()
    assert not worker.alive
    until(lambda: not Path(f"/proc/{pid}").exists(), "the process's end")


def test_a_server_that_can_not_start_is_an_error_of_the_invocation(start: Start, tmp_path: Path) -> None:
    server = ForkServer(Path("/bin/false"), {}, tmp_path / "log")
    with pytest.raises(OSError, match="no worker"):
        start(server.fork)
    server.close()


def test_a_fork_that_fails_costs_one_invocation(start: Start, tmp_path: Path) -> None:
    (tmp_path / "full.py").write_text(f"""
import os, sys
sys.path.insert(0, {str(FORK_SERVER.parent)!r})
import fork_server
fork, failed = os.fork, []
def fails_once():
    if failed:
        return fork()
    failed.append(True)
    raise BlockingIOError(11, "Resource temporarily unavailable")
os.fork = fails_once
fork_server.main()
""")
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nexec {PYTHON} {tmp_path}/full.py\n")
    python.chmod(0o700)
    server = ForkServer(python, {"PATH": os.defpath}, tmp_path / "log")
    with pytest.raises(OSError, match="no worker"):
        start(server.fork)
    assert answer(start(server.fork))["leader"]
    assert "temporarily unavailable" in (tmp_path / "log").read_text()
    server.close()


def preloaded(*after: str) -> Any:
    """The `answer` of these statements in the functions' Python, after a server's imports.

    `read` has the names of the variables that were read, `before` those of the modules.
    """
    code = f"""
import os, sys
names = set()
class Environ(type(os.environ)):
    def __getitem__(self, name):
        names.add(name)
        return super().__getitem__(name)
    def __contains__(self, name):
        names.add(name)
        return super().__contains__(name)
os.environ.__class__ = Environ
os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, {str(FORK_SERVER.parent)!r})
import fork_server
fork_server.import_modules()
read = sorted(names)
before = set(sys.modules)
import json
{"; ".join(after)}
print(json.dumps(answer))
"""
    variables = {"PATH": os.defpath, "PYTHONPATH": str(REPOSITORY / "functions"), "OPENBLAS_NUM_THREADS": "1"}
    return json.loads(subprocess.check_output([PYTHON, "-c", code], env=variables, text=True))


def test_all_variables_that_packages_read_when_they_are_imported_are_set_by_then() -> None:
    read = set(preloaded("answer = read"))
    assert {"PILLOW_ALIGNMENT", "AWS_EXECUTION_ENV"} <= read
    assert read - environment.read_at_start(dict.fromkeys(read, "")).keys() == set()


def test_a_server_runs_one_thread_and_has_what_the_handlers_import() -> None:
    handlers = sorted(path.parent.name for path in (REPOSITORY / "functions").glob("*/handler.py"))
    imports = [f"import {handler}.handler" for handler in handlers]
    found = preloaded(
        "threads = len(os.listdir('/proc/self/task'))",
        *imports,
        "new = {name for name in set(sys.modules) - before"
        " if 'site-packages' in (getattr(sys.modules[name], '__file__', None) or '')}",
        "answer = [threads, sorted(new)]",
    )
    assert found == [1, []]


def test_the_template_says_which_servers_there_will_be() -> None:
    expected = environment.of_template(source.read(REPOSITORY / "template.yaml"))
    assert {each.get("OPENBLAS_NUM_THREADS") for each in expected} == {None, "1"}
    assert len({frozenset(each.items()) for each in expected}) == 2
