"""A bulk upload on a stack on this machine, while readers read.

Some of the images are broken, or change while their first upload waits in ResizeQueue. Each must end as it would have
alone. The time and the processor time stand beside those of the engine alone, for the photos that are served at the
end, in as many processes as there are processors. Exit code 1: an image ended otherwise, a reader did not get one, the
uploads took more than two retries on average, or something was left over.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dev.benchmarks.bulk_mix import KINDS, MIXED, PHOTOS, Planned, mixed
from dev.benchmarks.bulk_report import Report, Took, left, ran
from dev.benchmarks.bulk_uploads import Sender, sent_alone, settled
from dev.benchmarks.bulk_watch import reads, watching
from dev.benchmarks.local_stack import bare_work, started
from dev.benchmarks.process_tree import cpu_by_process, memory
from dev.benchmarks.progress import Bar
from imageservice_operator.operations.stack import Stack

_SAMPLE = 5  # times that each photo's bare work is measured
_READS_BEFORE = 100


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"{sys.argv[0]} --live", description=__doc__)
    add = parser.add_argument
    add("--uploads", type=int, default=500, metavar="N", help="images (default %(default)s)")
    add("--concurrency", type=int, default=4, metavar="N", help="ResizeConcurrency (default %(default)s)")
    add("--max-workers", type=int, default=8, metavar="N", help="worker processes (default %(default)s)")
    add("--photos", type=Path, nargs="+", default=PHOTOS, metavar="FILE", help="default: five samples")
    for kind in MIXED:
        add(
            f"--{kind}",
            type=int,
            default=5,
            metavar="PERCENT",
            help=f"{KINDS[kind]} (default %(default)s %%)",
        )
    add("--seed", type=int, default=1, help="which images are broken, removed, … (default %(default)s)")
    add("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    chosen = parser.parse_args(arguments)
    if chosen.uploads < 1:
        parser.error("--uploads: one at least.")
    if sum(getattr(chosen, kind) for kind in MIXED) > 100:
        parser.error(f"{', '.join(f'--{kind}' for kind in MIXED)}: 100 % at most, together.")
    if chosen.concurrency < 2:
        parser.error("--concurrency: two at least, because Lambda takes at least two calls at a time.")
    for photo in chosen.photos:
        if not photo.is_file():
            parser.error(f"--photos: {photo} is not a file.")
    return chosen


def main() -> None:
    chosen = options()
    images = mixed(
        chosen.uploads, {kind: getattr(chosen, kind) for kind in MIXED}, chosen.photos, chosen.seed
    )
    print(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}\n")
    limits = (f"--parameter=ResizeConcurrency={chosen.concurrency}", f"--max-workers={chosen.max_workers}")
    with (
        tempfile.TemporaryDirectory(prefix="bulk-") as folder,
        started(Path(folder), *limits) as (stack, pid),
    ):
        try:
            report = bulk(stack, pid, images, chosen.photos)
        except KeyboardInterrupt:
            sys.exit("Stopped before all images had ended.")
    print(f"{report.text()}\nload average at the end {os.getloadavg()[0]:.1f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(report.as_json(), indent=1))
    if report.wrong:
        sys.exit("\n".join(["", "Wrong:", *report.wrong]))


def bulk(stack: Stack, pid: int, images: Sequence[Planned], photos: Sequence[Path]) -> Report:
    """Uploads the photos one by one, and then all the images."""
    bar = Bar(2 * len(images))
    bar.reach(0, "each photo on its own")
    alone = sent_alone(stack, photos)
    bares = [_bare(images)]
    urls = {
        "API": [stack.url(f"/images/{each}") for each in alone],
        "edge": [stack.image_url(each) for each in alone],
    }
    before = {place: reads(some, _READS_BEFORE) for place, some in urls.items()}
    cpu, began, sender = cpu_by_process(pid), time.perf_counter(), Sender(stack)
    with watching(stack, urls) as watched:
        sender.send_all(images, lambda: bar.reach(len(sender.versions), "sent"))
        sent_s = time.perf_counter() - began
        found = settled(stack, images, sender.versions, lambda count: bar.reach(len(images) + count, "ended"))
        wall_s = time.perf_counter() - began
    used = {name: each - cpu.get(name, 0) for name, each in cpu_by_process(pid).items()}
    held = memory(pid)
    bar.reach(2 * len(images), "bare work, and counting")
    bares.append(_bare(images))  # before and after, because other load on the machine changes
    bare = {name: (bares[0][name] + bares[1][name]) / 2 for name in bares[0]}
    report = Report(
        images,
        found,
        sender.versions,
        ran(stack, alone),
        ran(stack, sender.versions),
        before,
        watched,
        Took(sent_s, wall_s, used, bare, held),
        left(stack),
    )
    bar.close()
    return report


def _bare(images: Sequence[Planned]) -> dict[str, float]:
    """The engine's seconds for all photos that are served at the end, from a sample of each."""
    served = Counter(image.served for image in images if image.served)
    total = {"wall_s": 0.0, "cpu_s": 0.0}
    for photo, count in served.items():
        sample = min(count, _SAMPLE)
        for name, seconds in bare_work(photo, sample).items():
            total[name] += seconds * count / sample
    return total
