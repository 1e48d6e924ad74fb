"""A Map runs on a bounded number of threads, each of which takes one item after the other, until one fails.

moto starts a thread per item where MaxConcurrency is not set; a thread goes on to its next item by calling
itself, which ends at Python's recursion limit; and when an item has failed the others run on, writing into a
history that has ended.
"""

from __future__ import annotations

from typing import Any

from local.patches.patch import Patch
from local.stepfunctions.history import abort

INLINE_THREADS = 40
"""What AWS runs at once of an inline Map: https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html"""


def apply(patch: Patch) -> None:
    """Bound the threads; loop instead of recursing; abort the other items of a failed one."""
    from moto.stepfunctions.parser.api import HistoryEventType
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (
        InlineIterationComponent,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
        distributed_item_processor_worker,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (
        IterationWorker,
    )

    def launch(self: Any, env: Any, eval_input: Any, job_pool: Any) -> Any:
        job_pool.workers = getattr(job_pool, "workers", 0) + 1
        if job_pool.workers <= INLINE_THREADS:
            moto_launch(self, env=env, eval_input=eval_input, job_pool=job_pool)

    def abort_others(name: str, running: dict[int, Any]) -> None:
        for index, frame in list(running.items()):
            details = {"mapIterationAbortedEventDetails": {"name": name, "index": index}}
            frame.event_manager.add_event(
                frame.event_history_context,
                HistoryEventType.MapIterationAborted,
                details,
                update_source_event_id=False,
            )
            abort(frame)

    def pool(close: str) -> Any:
        def run(self: Any, job: Any, worker_frame: Any) -> None:
            running = self._job_pool.__dict__.setdefault("running", {})
            while True:
                if job is None:
                    getattr(self._env, close)(worker_frame)
                    return
                frame = worker_frame.open_inner_frame()
                running[job.job_index] = frame
                self._eval_job(env=frame, job=job)
                running.pop(job.job_index, None)
                getattr(worker_frame, close)(frame)
                failed = isinstance(job.job_output, Exception) or self.stopped()
                if failed and not getattr(frame.event_history_context, "aborted", False):
                    abort_others(self._work_name, running)
                following = None if failed else self._job_pool.next_job()
                if following is None:
                    if not failed:
                        last = frame.event_history_context.last_published_event_id
                        worker_frame.event_history_context.source_event_id = last
                    # The frame first: the Map goes on as soon as its last job is closed.
                    getattr(self._env, close)(worker_frame)
                self._job_pool.close_job(job)
                if following is None:
                    return
                job = following

        return run

    moto_launch = patch.set(InlineIterationComponent, "_launch_worker", launch)
    patch.set(IterationWorker, "_eval_pool", pool("close_frame"))
    distributed = distributed_item_processor_worker.DistributedItemProcessorWorker
    patch.set(distributed, "_eval_pool", pool("delete_frame"))
