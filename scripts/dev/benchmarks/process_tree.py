"""Processor time and memory of a process and all that it has started, from Linux's /proc."""

from __future__ import annotations

import os
import re
import resource
from collections import defaultdict
from pathlib import Path

_KINDS = (("fork_server", "functions"), ("-server", "Redis"), ("imageservice_operator.console", "console"))
_TICK = os.sysconf("SC_CLK_TCK")


def cpu_of_children() -> float:
    """The processor seconds of this process's children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tree(pid: int) -> dict[int, int]:
    """The process and all below it, with their parents."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(") ")[2].split()[1])
        except OSError:  # it has ended
            continue
    found, new = {pid: parents.get(pid, 0)}, {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new}
        found |= {child: parents[child] for child in new}
    return found


def cpu_by_process(pid: int) -> dict[str, float]:
    """The processor seconds up to now of the stack with this process, by kind: children that ended count as well."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for each in _tree(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(") ")[2].split()
            command = Path(f"/proc/{each}/cmdline").read_text()
        except OSError:
            continue
        kind = "stack" if each == pid else next((name for part, name in _KINDS if part in command), "others")
        own, ended = (sum(map(int, fields[first : first + 2])) / _TICK for first in (11, 13))
        seconds[kind] += own
        seconds["functions" if kind == "functions" else "others"] += ended
    return dict(seconds)


def memory(pid: int, *, below: bool = True) -> int:
    """Bytes that the process holds, with `below` those below it, too; what several share is divided among them."""
    held = 0
    for each in _tree(pid) if below else [pid]:
        try:
            [kilobytes] = re.findall(
                r"^Pss:\s+(\d+) kB", Path(f"/proc/{each}/smaps_rollup").read_text(), re.MULTILINE
            )
        except (OSError, ValueError):
            continue
        held += int(kilobytes) * 1024
    return held
