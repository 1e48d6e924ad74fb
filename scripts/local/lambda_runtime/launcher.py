"""What a worker process runs first: tie its life to the stack's, then become awslambdaric.

Run by the functions' own Python, which has nothing of the local stack installed: standard library only.
Standard input is a pipe whose other end the stack holds open and never writes to. When the stack
dies, even by SIGKILL, the pipe ends and this process with it.
"""

import os
import resource
import runpy
import sys
import threading

OPEN_FILES = 1024
"""Lambda's: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def _die_with_stack(tether: int) -> None:
    os.read(tether, 1)
    os._exit(137)


def main() -> None:
    """Run the handler named in the first argument under awslambdaric, until the stack is gone."""
    os.setsid()  # Ctrl-C in the terminal is for the stack, which ends its workers in order
    tether = os.dup(0)
    os.set_inheritable(tether, False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard) if hard >= 0 else OPEN_FILES, hard))
    threading.Thread(target=_die_with_stack, args=(tether,), daemon=True).start()
    del sys.path[0]  # this file's own directory: not part of the function
    if os.environ["LAMBDA_TASK_ROOT"] not in sys.path:
        sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
