"""The interpreter keeps a journal, from which an execution can be resumed.

moto has no redrive. When a Map or Parallel fails, the outputs of its finished iterations and branches are lost.

Upstream: moto, `moto/stepfunctions/parser/`. RedriveExecution needs hooks in the interpreter: on entering a state
(`CommonStateField._eval_body`), around an item of a Map (`IterationWorker._eval_job` and the distributed one) and
around a branch (`BranchWorker._thread_routine`), with the place inside the state passed on to inner frames
(`Environment.as_inner_frame_of`). The functions below are those hooks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.distributed_item_processor_worker import (  # noqa: E501 - moto's name
    DistributedItemProcessorWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (
    IterationWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import BranchWorker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branches_decl import BranchesDecl
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded

from local.patches.patch import replace, wrap


def apply() -> None:
    """Note each entered top-level state and each finished iteration and branch; skip what is finished."""
    wrap(Environment, "as_inner_frame_of", inner_frame)
    wrap(CommonStateField, "_eval_body", state_body)
    wrap(IterationWorker, "_eval_job", iteration)
    wrap(DistributedItemProcessorWorker, "_eval_job", iteration)
    wrap(BranchesDecl, "__init__", number_branches)
    replace(BranchWorker, "_thread_routine", branch)


def inner_frame(original: Callable[..., Any], env: Any, *args: Any, **kwargs: Any) -> Any:
    """A frame inside `env`: in the same journal and, until it goes deeper, at the same place."""
    frame = original(env, *args, **kwargs)
    frame.journal, frame.scope = env.journal, env.scope
    return frame


def state_body(original: Callable[..., None], self: CommonStateField, env: Any) -> None:
    """Run a state; a top-level one is noted with its input and the variables."""
    if not env.is_frame():
        env.journal.enter(self.name, env.states.get_input(), env.variable_store._inner_scope)
    original(self, env)


def iteration(original: Callable[..., None], self: Any, env: Any, job: Any) -> None:
    """Run an item of a Map, unless it was finished before the redrive; note it when it succeeds."""
    env.scope = (*env.scope, self._work_name, job.job_index)
    finished, output = env.journal.take(env.scope)
    if finished:
        job.job_output = output
        return
    original(self, env=env, job=job)
    if isinstance(env.program_state(), ProgramEnded):
        env.journal.finish(env.scope, job.job_output)


def number_branches(original: Callable[..., None], self: BranchesDecl, programs: Any) -> None:
    """Give each branch its index, by which the journal finds it again."""
    original(self, programs)
    for index, program in enumerate(programs):
        program.branch_index = index


def branch(self: Any) -> None:
    """Run a branch as moto does, unless it was finished before the redrive; note it when it succeeds."""
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
