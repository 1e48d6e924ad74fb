"""What ReconcileFunction works with, made once per process; tests replace `dependencies`
and `states`."""

from functools import cache
from typing import Any, NamedTuple

from imageservice.adapters.aws_clients import client
from imageservice.adapters.executions import Executions
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.settings import settings
from imageservice.failures.notification import Notifier
from imageservice.failures.reconciler import Reconciler
from imageservice.failures.recorder import FailureRecorder


class Dependencies(NamedTuple):
    reconciler: Reconciler
    table: ImageTable
    machine_arns: list[str]


@cache
def dependencies() -> Dependencies:
    config = settings()
    table = ImageTable(client("dynamodb"), config.image_table)
    executions = Executions(client("stepfunctions"))
    notifier = Notifier(client("events"), client("sns"), config.failure_topic_arn, config.stack_name)
    recorder = FailureRecorder(client("dynamodb"), config.image_table, executions, notifier, client("s3"))
    machine_arns = [config.process_image_arn, config.remove_image_arn]
    return Dependencies(Reconciler(table, executions, recorder), table, machine_arns)


def states() -> Any:
    """The client of Step Functions, which hears of lost calls."""
    return client("stepfunctions")
