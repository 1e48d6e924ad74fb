"""Does what its event says, for the tests of the stack that runs it."""

import json
import os
import pathlib
import sys
import time
from typing import Any

import boto3


class ImageRejected(Exception):
    """Like the service's own: its class name is what a state machine catches."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return what the function sees of its environment, after sleeping, waiting, failing or exiting on demand."""
    if "print" in event:
        print(event["print"])
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "arrive" in event:
        pathlib.Path(event["arrive"]).touch()
    while "wait_for" in event and not pathlib.Path(event["wait_for"]).exists():
        time.sleep(0.01)
    if "reject" in event:
        raise ImageRejected(event["reject"])
    if "exit" in event:
        os._exit(event["exit"])
    if "call" in event:
        service, action, arguments = event["call"]
        answer = getattr(boto3.client(service), action)(**arguments)
        return {"called": action, "status": answer["ResponseMetadata"]["HTTPStatusCode"]}
    if event.get("rawPath") == "/open/stage-variables":
        return {"statusCode": 200, "body": json.dumps(event.get("stageVariables"))}
    if "routeKey" in event:
        return {"statusCode": 200, "body": event["rawPath"]}
    return {
        "pid": os.getpid(),
        "path": sys.path,
        "environment": dict(os.environ),
        "event": event,
        "folders": sorted(path.name for path in pathlib.Path().iterdir()),
    }
