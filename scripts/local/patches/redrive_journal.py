"""The interpreter keeps a journal, from which an execution can be resumed.

moto has no redrive, and what finished inside a failed Map or Parallel is gone when it fails.
"""

from __future__ import annotations

from typing import Any

from local.patches.patch import Patch


def apply(patch: Patch) -> None:
    """Note each entered top-level state and each finished iteration and branch; skip what is finished."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
        distributed_item_processor_worker,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (
        IterationWorker,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import BranchWorker
    from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branches_decl import BranchesDecl
    from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
    from moto.stepfunctions.parser.asl.eval.environment import Environment
    from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded

    def inner_frame(_cls: Any, env: Any, *args: Any, **kwargs: Any) -> Any:
        frame = moto_inner_frame(env, *args, **kwargs)
        frame.journal, frame.scope = env.journal, env.scope
        return frame

    def state_body(self: Any, env: Any) -> None:
        if not env.is_frame():
            env.journal.enter(self.name, env.states.get_input(), env.variable_store._inner_scope)
        moto_state_body(self, env)

    def iteration(moto_iteration: Any) -> Any:
        def run(self: Any, env: Any, job: Any) -> None:
            env.scope = (*env.scope, self._work_name, job.job_index)
            finished, output = env.journal.take(env.scope)
            if finished:
                job.job_output = output
                return
            moto_iteration(self, env=env, job=job)
            if isinstance(env.program_state(), ProgramEnded):
                env.journal.finish(env.scope, job.job_output)

        return run

    def number_branches(self: Any, programs: Any) -> None:
        moto_branches(self, programs)
        for index, program in enumerate(programs):
            program.branch_index = index

    def branch(self: Any) -> None:
        env = self.env
        name = env.states.context_object.context_object_data["State"]["Name"]
        env.scope = (*env.scope, name, self._program.branch_index)
        finished, output = env.journal.take(env.scope)
        if finished:
            env.states.reset(output)
            env._program_state = ProgramEnded()
            self._branch_worker_comm.on_terminated(env=env)
            return
        self._program.eval(env)
        if isinstance(env.program_state(), ProgramEnded):
            env.journal.finish(env.scope, env.states.get_input())
        self._branch_worker_comm.on_terminated(env=env)

    moto_inner_frame = patch.set(Environment, "as_inner_frame_of", classmethod(inner_frame))
    moto_state_body = patch.set(CommonStateField, "_eval_body", state_body)
    workers = (IterationWorker, distributed_item_processor_worker.DistributedItemProcessorWorker)
    for worker in workers:
        patch.set(worker, "_eval_job", iteration(worker._eval_job))
    moto_branches = patch.set(BranchesDecl, "__init__", number_branches)
    patch.set(BranchWorker, "_thread_routine", branch)
