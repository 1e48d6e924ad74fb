"""A local stack that says what its start took: `-m dev.benchmarks.start_phases STATE_DIR OPTION…`, in `.venv/local`.

Prints one JSON object: for each phase, the processor seconds of this process, in all threads. Phases in phases count
for the inner one alone. Then it stops.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

took: dict[str, float] = defaultdict(float)
_running: list[str] = []
_since = 0.0


def _switch(phase: str | None) -> None:
    """From now on, time counts for `phase`; None: for the one that it interrupted."""
    global _since
    now = time.process_time()
    took[_running[-1] if _running else "interpreter"] += now - _since
    _since = now
    if phase is None:
        _running.pop()
    else:
        _running.append(phase)


def _measured(phase: str, owner: Any, name: str) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        _switch(phase)
        try:
            return original(*arguments, **named)
        finally:
            _switch(None)

    setattr(owner, name, wrapped)


def main() -> None:
    _switch("imports of the stack")
    from local import garbage, ministack_server, options, patches, redis_server, stack
    from local.cloudfront import service as edge
    from local.deployment import adapt, deploy, serverless, settings, source

    garbage.put_off()
    _switch(None)
    _measured("read template", source, "read")
    _measured("Redis", redis_server._Server, "start")
    _measured("import and patch MiniStack and the interpreter", patches, "apply")
    _measured("MiniStack's server", ministack_server._Server, "start")
    _measured("zip and upload code", deploy, "_upload_code")
    _measured("SAM transform", serverless, "transformed")
    _measured("adapt template", adapt, "adapted")
    _measured("create stack", deploy.Deployer, "_send")
    _measured("create stack", deploy, "_settled")
    _measured("settings that CloudFormation ignores", settings, "restore")
    _measured("rest of the deployment", deploy.Deployer, "create")
    _measured("edge", edge, "_custom_headers")
    parser = argparse.ArgumentParser()
    options.add_to(parser)
    with stack.running(options.from_arguments(parser.parse_args(sys.argv[1:]))):
        _switch("end")
    print(json.dumps(took))


if __name__ == "__main__":
    main()
