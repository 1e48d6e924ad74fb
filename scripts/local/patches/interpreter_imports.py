"""The interpreter starts without the simulation of EC2, which no state machine needs.

moto's interpreter takes one enumeration from `moto.batch.utils`, and `moto/batch/__init__.py` imports Batch, ECS and
EC2 with every instance type and every region's zones: three quarters of the interpreter's import, half a second of
processor time. `import moto.batch` still gives the whole package to others.

Upstream: moto, `moto/stepfunctions/parser/asl/component/state/exec/state_task/service/state_task_service_batch.py`. It
would take `JobStatus` from a module whose package imports nothing else, or `moto/ec2/models` would load its data when
a backend is made.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys

PACKAGE = "moto.batch"


def apply() -> None:
    """Import `moto.batch.utils` without running its package. Must come before the interpreter is imported."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(PACKAGE)
    # A package whose own code has not run serves to find its modules.
    sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
    try:
        importlib.import_module(f"{PACKAGE}.utils")
    finally:
        del sys.modules[PACKAGE]
