"""A local stack that fills itself: `-m dev.benchmarks.crowded_stack STATE_DIR serve …`, as `python -m local` runs.

Uploading 100,000 images would take a day here. So the stack processes one image and fails one, and this multiplies what
these left, in the stack's own process: items through DynamoDB's own PutItem, executions as further records of Step
Functions with the same history. It begins when STATE_DIR has `crowd.json`, and then writes `crowded`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.__main__ import main

_SPREAD = timedelta(days=13)  # Step Functions redrives for 14 days, and the failures of that time are listed


def _fill_when_asked(state_dir: Path) -> None:
    asked = state_dir / "crowd.json"
    while not asked.exists():
        time.sleep(0.1)
    _fill(json.loads(asked.read_text()))
    (state_dir / "crowded").touch()


def _fill(crowd: dict[str, Any]) -> None:
    """`crowd`: table, ready and failed (ids), and how many images, failures and executions there shall be."""
    from ministack.services import dynamodb
    from ministack.services import stepfunctions as records

    now = datetime.now(UTC)
    items = dynamodb._tables[crowd["table"]]["items"]
    ready, failed = (next(iter(items[crowd[name]].values())) for name in ("ready", "failed"))
    images, failures, executions = crowd["images"], crowd["failures"], crowd["executions"]

    def put(item: dict[str, Any]) -> None:
        dynamodb._put_item({"TableName": crowd["table"], "Item": item})

    def execute(item: dict[str, Any], number: int) -> str:
        """One more execution like the item's own, of another image."""
        original = records._executions[item["execution"]["S"]]
        arn = f"{original['executionArn']}-{number}"
        started = now - _SPREAD * (number / executions)
        image_id = f"{item['id']['S']}-{number}"
        key, other = json.dumps(item["id"]["S"]), json.dumps(image_id)
        records._executions[arn] = {
            **original,
            "executionArn": arn,
            "name": arn.rpartition(":")[2],
            "input": original["input"]
            .replace(f'"key":{key}', f'"key":{other}')
            .replace(f'"key": {key}', f'"key": {other}'),
            "startDate": started.isoformat(),
            "stopDate": (started + timedelta(seconds=3)).isoformat(),
        }
        return arn

    for number in range(executions):
        item = failed if number < failures else ready
        arn = execute(item, number)
        put(_like(item, number, now - _SPREAD * (number / executions), arn))
    ready = {**ready, "renditions": {"L": ready["renditions"]["L"][:1]}}  # 100,000 whole items take 4 GB here
    for number in range(executions, images):
        put(_like(ready, number, now - _SPREAD * (number / images), ready["execution"]["S"]))


def _like(item: dict[str, Any], number: int, at: datetime, execution: str) -> dict[str, Any]:
    text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    copy = {
        **item,
        "id": {"S": f"{item['id']['S']}-{number}"},
        "updated_at": {"S": text},
        "execution": {"S": execution},
    }
    if "error" in item:
        copy["error"] = {"M": {**item["error"]["M"], "execution": {"S": execution}}}
    return copy


if __name__ == "__main__":
    threading.Thread(target=_fill_when_asked, args=(Path(sys.argv.pop(1)),), daemon=True).start()
    sys.exit(main())
