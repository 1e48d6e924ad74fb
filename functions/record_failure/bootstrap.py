"""What RecordFailureFunction works with, made once per process; tests replace `recorder`."""

from functools import cache

from imageservice.adapters.aws_clients import client
from imageservice.adapters.executions import Executions
from imageservice.adapters.settings import settings
from imageservice.failures.notification import Notifier
from imageservice.failures.recorder import FailureRecorder


@cache
def recorder() -> FailureRecorder:
    config = settings()
    notifier = Notifier(client("events"), client("sns"), config.failure_topic_arn, config.stack_name)
    executions = Executions(client("stepfunctions"))
    return FailureRecorder(client("dynamodb"), config.image_table, executions, notifier, client("s3"))
