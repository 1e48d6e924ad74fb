"""SIGTERM and Ctrl-C end a program whatever its threads do."""

import signal
import subprocess
import sys

import pytest
from waiting import HANG_S

from local import background

# Threads that start and end all the time keep the main thread at the edge of its wait, where Python alone loses one
# signal in four.
BUSY_WAITER = """
import os, threading
from local import signals

def churn():
    while True:
        brief = threading.Thread(target=lambda: sum(range(1000)), daemon=True)
        brief.start()
        brief.join()

signals.raise_on_signals()
for _ in range(4):
    threading.Thread(target=churn, daemon=True).start()
try:
    print("waiting", flush=True)
    threading.Event().wait()
except signals.Stopped as stopped:
    os._exit(stopped.number)
"""
TIMES = 25


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_never_lost(number: signal.Signals) -> None:
    for _ in range(TIMES):
        with subprocess.Popen(
            [sys.executable, "-c", BUSY_WAITER],
            env={"PYTHONPATH": background.PYTHON_PATH},
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "waiting\n"
            process.send_signal(number)
            try:
                assert process.wait(HANG_S) == number
            finally:
                process.kill()
