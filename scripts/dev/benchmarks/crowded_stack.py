"""A local stack that fills itself: `-m dev.benchmarks.crowded_stack STATE_DIR serve …`, as `python -m local` runs.

Uploading 100,000 images would take a day here. So the stack processes one image and fails one, and this multiplies what
these left, in the stack's own process: items through DynamoDB's own PutItem, executions as further records of Step
Functions with the same history. It begins when STATE_DIR has `crowd.json`, and then writes `crowded`.
"""

from __future__ import annotations

import bisect
import json
import os
import sys
import threading
import time
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.__main__ import main

_PAGE = 2000  # about the megabyte of a page of DynamoDB's
_SPREAD = timedelta(days=13)  # Step Functions redrives for 14 days, and the failures of that time are listed


def _fill_when_asked(state_dir: Path) -> None:
    asked = state_dir / "crowd.json"
    while not asked.exists():
        time.sleep(0.1)
    crowd = json.loads(asked.read_text())
    try:
        _fill(crowd)
        _sort_index_once(crowd["table"])
        (state_dir / "crowded").touch()
    finally:
        if not (state_dir / "crowded").exists():  # the benchmark must not wait for it forever
            traceback.print_exc()
            os._exit(1)


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


def _sort_index_once(table: str) -> None:
    """Answers queries of by-status from a sorted list, as DynamoDB does: MiniStack sorts all items for every page.

    From here on, nothing may change the table.
    """
    from ministack.services import dynamodb

    by_status: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for items in dynamodb._tables[table]["items"].values():
        for item in items.values():
            if "status" not in item:  # the cache's generation
                continue
            key = item["updated_at"]["S"], item["id"]["S"]
            by_status.setdefault(item["status"]["S"], []).append((*key, item))
    for found in by_status.values():
        found.sort(key=lambda each: each[:2])
    original = dynamodb._query

    def query(data: dict[str, Any]) -> Any:
        if data.get("IndexName") != "by-status" or data["TableName"] != table:
            return original(data)
        values = {name: typed["S"] for name, typed in data["ExpressionAttributeValues"].items()}
        found = by_status.get(values[":status"], [])
        first, end = 0, len(found)
        if ":since" in values:
            first = bisect.bisect_left(found, values[":since"], key=lambda each: each[0])
            end = bisect.bisect_right(found, values[":until"], key=lambda each: each[0])
        forward = data.get("ScanIndexForward", True)
        if after := data.get("ExclusiveStartKey"):
            place = after["updated_at"]["S"], after["id"]["S"]
            if forward:
                first = max(first, bisect.bisect_right(found, place, key=lambda each: each[:2]))
            else:
                end = min(end, bisect.bisect_left(found, place, key=lambda each: each[:2]))
        most = min(data.get("Limit", _PAGE), _PAGE)
        chosen = found[first:end][:most] if forward else found[first:end][::-1][:most]
        answer: dict[str, Any] = {"Count": len(chosen), "ScannedCount": len(chosen)}
        if data.get("Select") != "COUNT":
            whole = dynamodb._tables[table]
            answer["Items"] = [
                dynamodb._apply_index_projection(each[2], whole, "by-status") for each in chosen
            ]
        if len(chosen) == most and chosen:
            last = chosen[-1][2]
            answer["LastEvaluatedKey"] = {name: last[name] for name in ("id", "status", "updated_at")}
        return dynamodb.json_response(answer)

    dynamodb._query = query


if __name__ == "__main__":
    threading.Thread(target=_fill_when_asked, args=(Path(sys.argv.pop(1)),), daemon=True).start()
    sys.exit(main())
