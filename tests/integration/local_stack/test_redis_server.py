"""The stack's Redis, when it ends before the stack does."""

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from waiting import until

from local import background, redis_watch
from local.redis_server import LASTING_SECONDS, RedisServer

SAMPLE = Path(__file__).parent / "sample" / "template.yaml"


def test_a_redis_that_ends_while_the_stack_serves_is_started_again_and_if_it_does_not_stay_a_line_says_how(
    tmp_path: Path,
) -> None:
    with background.started(tmp_path, f"--template={SAMPLE}") as stack:
        port = urlsplit(stack.redis_url).port
        serve_log, stack_log = tmp_path / "serve.log", tmp_path / "logs" / "stack.log"
        time.sleep(LASTING_SECONDS)
        shut_down(port)
        until(lambda: "started again, empty" in serve_log.read_text(), "the first line")
        while "Start it again" not in (
            said := serve_log.read_text()
        ):  # on a busy machine, it may run for long enough
            shut_down(port)
            until(lambda said=said: len(serve_log.read_text()) > len(said), "another line")
        for line in serve_log.read_text().splitlines():
            assert line.startswith("Redis ended")
            assert line in stack_log.read_text()
        command = shlex.split(line.split("`")[1])
        assert stack.answers()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with until_connected(port) as redis:
            redis.sendall(b"PING\r\n")
            assert redis.recv(16).startswith(b"+PONG")
        shut_down(port)


def test_a_redis_that_freezes_and_one_that_is_not_the_stacks_own_are_said_to_be_gone_and_back(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []

    def says(line: str) -> bool:
        said.append(capfd.readouterr().err)
        return line in "".join(said)

    with RedisServer(tmp_path / "redis.log") as redis:
        port = urlsplit(redis.url).port
        with redis_watch.running(redis.url, is_own=True), redis_watch.running(redis.url, is_own=False):
            with until_connected(port) as client:
                client.sendall(b"INFO server\r\n")
                pid = int(client.recv(65536).partition(b"process_id:")[2].split()[0])
            os.kill(pid, signal.SIGSTOP)
            try:
                until(
                    lambda: (
                        says(f"Redis at 127.0.0.1:{port} does not answer")
                        and "".join(said).count("not ans") == 2
                    )
                )
            finally:
                os.kill(pid, signal.SIGCONT)
            until(lambda: says("answers again.") and "".join(said).count("again.") == 2)
        said.clear()
        with redis_watch.running(redis.url, is_own=False):
            redis.stop()
            until(lambda: says("does not answer"))
            redis.start()
            until(lambda: says("answers again."))


def shut_down(port: int | None) -> None:
    with until_connected(port) as redis:
        redis.sendall(b"SHUTDOWN NOSAVE\r\n")


def until_connected(port: int | None) -> socket.socket:
    found: list[socket.socket] = []

    def connects() -> bool:
        with contextlib.suppress(OSError):
            found.append(socket.create_connection(("127.0.0.1", port)))
        return bool(found)

    until(connects, f"a server on port {port}")
    return found[0]


def test_a_stack_that_stops_says_nothing_of_redis(tmp_path: Path) -> None:
    with background.started(tmp_path, f"--template={SAMPLE}"):
        pass
    assert (tmp_path / "serve.log").read_text() == ""
