"""What the workflows' tasks call: the functions' own handlers, and the services."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.logging import logger
from imageservice.adapters.manifest_cache import ManifestCache
from imageservice.adapters.processed_bucket import Renditions
from imageservice.adapters.source_bucket import RangedOriginal, read_original
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import RenditionPlan
from inspect_original import bootstrap as inspect_bootstrap
from inspect_original.handler import handler as inspect_original
from refresh_cache import bootstrap as refresh_bootstrap
from refresh_cache.handler import handler as refresh_cache
from remove_renditions import bootstrap as remove_bootstrap
from remove_renditions.handler import handler as remove_renditions
from resize import bootstrap as resize_bootstrap
from resize.handler import handler as resize
from resize.sizer import Sizer
from retire_renditions import bootstrap as retire_bootstrap
from retire_renditions.handler import handler as retire_renditions
from retire_renditions.retirer import Retirer
from simulation.edge import CloudFront, Purges
from simulation.scheduler import Scheduler
from simulation.step_functions import TaskError
from simulation.stores import PROCESSED, S3, TABLE, DynamoDB, outage

HANDLERS: dict[str, Callable[[Any, Any], Any]] = {
    "InspectOriginalFunctionArn": inspect_original,
    "ResizeQueueUrl": resize,
    "RefreshCacheFunctionArn": refresh_cache,
    "RetireRenditionsFunctionArn": retire_renditions,
    "RemoveRenditionsFunctionArn": remove_renditions,
}
SUBSTITUTIONS = {"ImageTable": TABLE, "DistributionId": "E1", **{name: name for name in HANDLERS}}
_CONTEXT: Any = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="request"
)

_CONNECTED: tuple[tuple[Any, str], ...] = (
    (inspect_bootstrap, "dependencies"),
    (resize_bootstrap, "sizer"),
    (refresh_bootstrap, "dependencies"),
    (retire_bootstrap, "retirer"),
    (remove_bootstrap, "dependencies"),
)


@contextlib.contextmanager
def functions_as_found() -> Iterator[None]:
    """The functions write no metrics, and nothing that `connect_functions` does to this process outlives the block."""
    level = logger.log_level
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("POWERTOOLS_METRICS_DISABLED", "true")
        for bootstrap, name in _CONNECTED:
            changed.setattr(bootstrap, name, getattr(bootstrap, name))
        yield
    logger.setLevel(level)


class Tasks:
    """Carries out the workflows' tasks. `announce` gets each entry that they put on the event bus."""

    def __init__(
        self,
        scheduler: Scheduler,
        dynamodb: DynamoDB,
        s3: S3,
        cdn: CloudFront,
        announce: Callable[[dict[str, Any]], None],
    ) -> None:
        self._scheduler, self._dynamodb, self._s3, self._cdn = scheduler, dynamodb, s3, cdn
        self._announce_entry = announce

    def carry_out(self, resource: str, arguments: Any) -> Any:
        """The result of a task. Raises TaskError."""
        service = resource.split(":::")[1].removeprefix("aws-sdk:")
        if service == "lambda:invoke":
            return {"Payload": self._invoke(arguments["FunctionName"], arguments["Payload"])}
        if service == "sqs:sendMessage.waitForTaskToken":
            return {"answer": self._invoke(arguments["QueueUrl"], arguments["MessageBody"]["call"])}
        call = {
            "dynamodb:updateItem": lambda given: self._dynamodb.update_item(**given),
            "dynamodb:getItem": lambda given: self._dynamodb.get_item(**given),
            "s3:listObjectVersions": lambda given: self._s3.list_object_versions(**given),
            "cloudfront:createInvalidation": self._purge,
            "cloudfront:getInvalidation": self._purged,
            "events:putEvents": self._announce,
        }[service]
        try:
            return call(arguments)
        except self._dynamodb.exceptions.ConditionalCheckFailedException as refusal:
            raise TaskError("DynamoDB.ConditionalCheckFailedException", str(refusal)) from refusal
        except Exception as error:
            raise TaskError(f"Service.{type(error).__name__}", str(error)) from error

    def connect_functions(self, cache: ManifestCache, plan: Callable[[], RenditionPlan]) -> None:
        """Gives the functions this world's clients, as a new process of each would have them."""
        logger.setLevel(logging.CRITICAL)
        stored, table = Renditions(self._s3, PROCESSED), ImageTable(self._dynamodb, TABLE)
        sizer = Sizer(partial(read_original, self._s3), stored, Limits())
        caching = refresh_bootstrap.Dependencies(cache, lambda: table, cached=True, renew=lambda: None)
        retiring = Retirer(table, stored, Purges(self._scheduler, self._cdn))
        removing = remove_bootstrap.Dependencies(table, stored)

        def inspection() -> inspect_bootstrap.Dependencies:
            return inspect_bootstrap.Dependencies(partial(RangedOriginal, self._s3), Limits(), plan())

        # mypy sees the functions' caches of one element there, but they are called without arguments alone.
        inspect_bootstrap.dependencies = inspection  # type: ignore[assignment]
        resize_bootstrap.sizer = lambda: sizer  # type: ignore[assignment]
        refresh_bootstrap.dependencies = lambda: caching  # type: ignore[assignment]
        retire_bootstrap.retirer = lambda: retiring  # type: ignore[assignment]  # in place of the cached one
        remove_bootstrap.dependencies = lambda: removing  # type: ignore[assignment]

    def _invoke(self, function: str, payload: Any) -> Any:
        """An invocation: it may also be delivered twice, or its answer be lost."""

        def effect() -> Any:
            given = json.loads(json.dumps(payload))
            try:
                return json.loads(json.dumps(HANDLERS[function](given, _CONTEXT)))
            except Exception as error:
                cause = {"errorMessage": str(error), "errorType": type(error).__name__}
                raise TaskError(type(error).__name__, json.dumps(cause)) from error

        return self._scheduler.call(effect, lambda: TaskError("Lambda.ServiceException"))

    def _purge(self, arguments: Any) -> Any:
        batch = arguments["InvalidationBatch"]
        purge = self._scheduler.call(lambda: self._cdn.create_invalidation(batch), outage)
        return {"Invalidation": {"Id": purge}}

    def _purged(self, arguments: Any) -> Any:
        status = self._scheduler.call(lambda: self._cdn.status(arguments["Id"]), outage)
        return {"Invalidation": {"Status": status}}

    def _announce(self, arguments: Any) -> Any:
        (entry,) = arguments["Entries"]
        return self._scheduler.call(lambda: self._announce_entry(entry), outage)
