"""A process from which workers are forked, once it has imported what functions have in common.

Run by the functions' own Python, which has nothing of the local stack installed: standard library and functions'
packages only. A worker that is forked here starts in milliseconds; one that imports boto3, NumPy and Pillow by itself
takes 0.3 to 0.4 s of processor time. Nothing of a function's own is imported before the fork, and no thread runs:
a fork copies the thread that calls it alone.

Standard input is a socket. Each message of one byte carries four descriptors: the worker's control socket, its
standard input and output, and a file with JSON (`handler`, `code`, `environment`). On the control socket this process
writes `{"pid": …}`, and `{"status": …}` once the worker has ended; a byte that it receives there kills the worker. So a
process id is used here alone, where it can't belong to another process yet. When standard input ends, all ends.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import time
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
MODULES: tuple[str, ...] = (
    *("simplejson", "jsonschema", "orjson", "hiredis", "redis", "boto3"),
    *(
        "aws_lambda_powertools.logging",
        "aws_lambda_powertools.metrics",
        "aws_lambda_powertools.utilities.typing",
    ),
    *("PIL.AvifImagePlugin", "PIL.BmpImagePlugin", "PIL.GifImagePlugin", "PIL.JpegImagePlugin"),
    *("PIL.PngImagePlugin", "PIL.TiffImagePlugin", "PIL.WebPImagePlugin"),
    *("PIL.ImageChops", "PIL.ImageCms", "PIL.ImageOps", "PIL.ImageSequence"),
)
"""What handlers import, without awslambdaric, which reads the function's variables when it is imported."""
MODULES_OF_ONE_THREAD = ("numpy",)
"""Those that start threads when they are imported, unless OPENBLAS_NUM_THREADS is 1."""
SERVICES = ("s3", "dynamodb")
"""Whose descriptions are read in advance: a client of S3 takes 0.1 s otherwise."""


def import_modules() -> None:
    """Import what functions have in common."""
    modules = MODULES
    if os.environ.get("OPENBLAS_NUM_THREADS") == "1":
        modules += MODULES_OF_ONE_THREAD
    for name in modules:
        with contextlib.suppress(ModuleNotFoundError):  # another Python was given
            importlib.import_module(name)


def read_services() -> None:
    """Give functions a default session that has read nothing but descriptions of services."""
    import boto3
    import botocore.session

    first, default = botocore.session.get_session(), botocore.session.get_session()
    for service in SERVICES:
        first.create_client(service, "us-east-1", aws_access_key_id="-", aws_secret_access_key="-")  # noqa: S106 - it signs nothing
    default.register_component("data_loader", first.get_component("data_loader"))
    boto3.setup_default_session(botocore_session=default)


class _Workers:
    """The workers that were forked and have not ended, by process id; the value is the control socket."""

    def __init__(self) -> None:
        self._running: dict[int, socket.socket] = {}
        self._requests = socket.socket(fileno=0)
        self._ended, self._wake = os.pipe()
        for end in (self._ended, self._wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a signal that is ignored wakes nothing
        signal.set_wakeup_fd(self._wake)
        self._events = selectors.DefaultSelector()
        for readable in (self._requests, self._ended):
            self._events.register(readable, selectors.EVENT_READ)

    def serve(self) -> list[int] | None:
        """In a new worker, returns the rest of its descriptors; in this process, None once the stack is gone."""
        while True:
            for key, _ in self._events.select():
                if key.fileobj is self._requests:
                    message, files, _, _ = socket.recv_fds(self._requests, 1, 4)
                    if not message:
                        self._end()
                        return None
                    control = socket.socket(fileno=files[0])
                    pid = self._fork()
                    if pid == 0:
                        self._forget(control)
                        return files[1:]
                    for file in files[1:]:
                        os.close(file)
                    if pid is None:
                        control.close()
                    else:
                        self._running[pid] = control
                        self._events.register(control, selectors.EVENT_READ, pid)
                        _write(control, {"pid": pid})
                elif key.fileobj == self._ended:
                    os.read(self._ended, 1 << 16)
                    self._collect()
                elif key.data in self._running:
                    os.kill(key.data, signal.SIGKILL)
                    self._events.unregister(key.fileobj)  # one byte, or the end of the stream, is enough

    def _fork(self) -> int | None:
        """None if the system has no room for another process: the workers that run are not affected."""
        try:
            return os.fork()
        except OSError as error:
            print(f"no worker could be forked: {error}", file=sys.stderr, flush=True)
            return None

    def _collect(self) -> None:
        for pid, control in list(self._running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._running[pid]
                if control in self._events.get_map():
                    self._events.unregister(control)
                _write(control, {"status": os.waitstatus_to_exitcode(status)})
                control.close()

    def _end(self) -> None:
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)

    def _forget(self, control: socket.socket) -> None:
        """A new worker has nothing of this process but what was imported."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._events.close()
        for each in (*self._running.values(), control):
            each.close()
        self._requests.detach()
        for end in (self._ended, self._wake):
            os.close(end)


def _write(control: socket.socket, message: dict[str, int]) -> None:
    with contextlib.suppress(OSError):  # the stack no longer asks
        control.sendall(json.dumps(message).encode() + b"\n")


def main() -> None:
    """Serve; in a worker, run its function."""
    import_modules()
    if "boto3" in sys.modules:
        read_services()
    gc.collect()
    gc.freeze()  # these objects stay in memory that all workers share
    files = _Workers().serve()
    if files is None:
        os._exit(0)  # to free all modules first takes a tenth of a second
    standard_input, output, description = files
    with os.fdopen(description) as file:
        worker = json.load(file)
    for old, new in ((standard_input, 0), (output, 1), (output, 2)):
        os.dup2(old, new)
    for old in (standard_input, output):
        os.close(old)
    os.environ.clear()
    os.environ.update(worker["environment"])
    time.tzset()
    os.chdir(worker["code"])
    sys.argv = [sys.argv[0], worker["handler"]]
    runpy.run_path(str(LAUNCHER), run_name="__main__")


if __name__ == "__main__":
    main()
