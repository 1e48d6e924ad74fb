"""A Map's workers: at most 40 threads of an inline Map, each running one item after the other, until one fails.

moto starts a thread per item if MaxConcurrency is not set. A thread continues with its next item by calling itself,
which ends at Python's recursion limit. When an item has failed, the others run on, and write into a history that has
ended.

Upstream: moto, `moto/stepfunctions/parser/asl/component/state/exec/state_map/iteration/`. `_launch_worker` of
`inline_iteration_component.py` would stop at 40 workers. `_eval_pool` of `iteration_worker.py` and of
`itemprocessor/distributed_item_processor_worker.py` would loop, and the former would abort the other items after a
failure, with a MapIterationAborted event for each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partialmethod
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.distributed_item_processor_worker import (  # noqa: E501 - moto's name
    DistributedItemProcessorWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (
    IterationWorker,
)

from local.patches.patch import replace, wrap
from local.stepfunctions.history import abort

INLINE_THREADS = 40
"""How many items of an inline Map AWS runs at once: https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html"""


def apply() -> None:
    """Limit the threads; loop instead of recursing; abort the other items when one fails."""
    wrap(InlineIterationComponent, "_launch_worker", launch)
    replace(IterationWorker, "_eval_pool", partialmethod(eval_pool, close="close_frame"))
    replace(DistributedItemProcessorWorker, "_eval_pool", partialmethod(eval_pool, close="delete_frame"))


def launch(
    original: Callable[..., None], self: InlineIterationComponent, env: Any, eval_input: Any, job_pool: Any
) -> None:
    """Start a worker, unless this Map has as many as it may."""
    job_pool.workers = getattr(job_pool, "workers", 0) + 1
    if job_pool.workers <= INLINE_THREADS:
        original(self, env=env, eval_input=eval_input, job_pool=job_pool)


def eval_pool(self: Any, job: Any, worker_frame: Any, close: str) -> None:
    """Run `job` and those that follow in the pool. `close` names moto's way of closing a frame."""
    running = self._job_pool.__dict__.setdefault("running", {})
    while job is not None:
        frame = worker_frame.open_inner_frame()
        running[job.job_index] = frame
        self._eval_job(env=frame, job=job)
        running.pop(job.job_index, None)
        getattr(worker_frame, close)(frame)
        failed = isinstance(job.job_output, Exception) or self.stopped()
        if failed and not getattr(frame.event_history_context, "aborted", False):
            _abort_others(self._work_name, running)
        following = None if failed else self._job_pool.next_job()
        if following is None:
            if not failed:
                last = frame.event_history_context.last_published_event_id
                worker_frame.event_history_context.source_event_id = last
            # The frame first: the Map continues as soon as its last job is closed.
            getattr(self._env, close)(worker_frame)
            self._job_pool.close_job(job)
            return
        self._job_pool.close_job(job)
        job = following
    getattr(self._env, close)(worker_frame)


def _abort_others(name: str, running: dict[int, Any]) -> None:
    for index, frame in list(running.items()):
        frame.event_manager.add_event(
            frame.event_history_context,
            HistoryEventType.MapIterationAborted,
            {"mapIterationAbortedEventDetails": {"name": name, "index": index}},
            update_source_event_id=False,
        )
        abort(frame)
