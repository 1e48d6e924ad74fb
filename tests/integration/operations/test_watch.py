"""`images watch`: live in a real terminal until a key or Ctrl-C, plain text into a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path
from typing import Any

import pytest
from waiting import until

IMAGES = Path(__file__).parents[3] / "scripts/images"
COLUMNS, LINES = 80, 24


class Terminal:
    """A command in a terminal of 80 columns and 24 lines, and all that it has written."""

    def __init__(self, *command: str | Path) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.settings = termios.tcgetattr(theirs)
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**environment, "TERM": "xterm"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._theirs = theirs
        os.set_blocking(self._ours, False)
        self.written = ""

    def shows(self, pattern: str) -> bool:
        """Whether it has written what the pattern matches."""
        try:
            while data := os.read(self._ours, 65536):
                self.written += data.decode(errors="replace")
        except BlockingIOError:
            pass
        return bool(re.search(pattern, self.written, re.DOTALL))

    def press(self, key: str) -> None:
        os.write(self._ours, key.encode())

    def ended(self) -> int:
        code = until(
            lambda: (self.shows("") and self.process.poll() is not None) or None, lambda: self.written
        )
        assert code
        return int(self.process.returncode)

    def settings_now(self) -> list[Any]:
        return termios.tcgetattr(self._theirs)


@pytest.mark.parametrize("key", ["q", "\x03"], ids=["q", "Ctrl-C"])
def test_it_follows_the_stack_in_a_terminal_until_a_key(service: Any, key: str) -> None:
    image_id = f"watched/{ord(key)}.jpg"
    terminal = Terminal(IMAGES, "watch", "--interval", "0.2", "--state-dir", service.state_dir)
    until(lambda: terminal.shows("nothing is in progress|in progress"), lambda: terminal.written)
    service.upload([image_id])
    until(lambda: terminal.shows(rf"READY\W[^\n]*{image_id}"), lambda: terminal.written)
    terminal.press(key)
    assert terminal.ended() == 0
    assert "Traceback" not in terminal.written
    assert terminal.written.count("\x1b[?1049h") == terminal.written.count("\x1b[?1049l") == 1
    assert terminal.settings_now() == terminal.settings


def test_into_a_pipe_it_prints_one_look_below_the_other(service: Any) -> None:
    command = [IMAGES, "watch", "--interval", "0.1", "--count", "2", "--state-dir", service.state_dir]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("PROCESSING  READY") == 2
    assert "\x1b" not in done.stdout


def test_with_json_each_look_is_a_document(service: Any) -> None:
    ended = service.images("watch", "--interval", "0.1", "--count", "2")
    assert ended.code == 0
    assert [set(line) for line in ended.lines] == [
        {"at", "images", "failures", "dead_letters", "sentence", "last_hour", "last_day"}
    ] * 2
