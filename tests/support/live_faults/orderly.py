"""What each image of a running stack must be at the end, and what one orderly run makes of the same uploads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from service import Service
from simulation.orderly import Expected, expected
from simulation.stores import Version

from imageservice.core.keys import digest
from imageservice.core.rendition_plan import Plan
from imageservice.engine import ENGINE_VERSION
from imageservice_operator.operations import failures
from live_faults.history import FOLDER, PLANS, Change, History

ORDERLY = "orderly/"
_AT_ONCE = 6
_DIGESTED = [Plan.from_document(document).fingerprint for document in PLANS]
# What an orderly run of the same uploads has, too; the rest of an item are names and times.
_SAME = ("status", "renditions", "source", "alpha", "placeholder", "color")


def differences(history: History) -> list[str]:
    """Each difference between the stack and an orderly run of what was done, in words."""
    service = history.service
    wrong = [
        f"a failure is left: {each.id} {each.name} {each.cause}" for each in failures.failed(service.stack)
    ]
    objects = _unretired(service)
    for key, changes in sorted(history.changes.items()):
        wrong += [f"{key}: {each}" for each in _of_key(service, key, changes, objects.pop(key, set()))]
    wrong += [f"{key}: {names} belong to no image" for key, names in objects.items() if names]
    return wrong + list(_compared(history))


def _expected(changes: Sequence[Change]) -> Expected:
    versions = [Version(each.version, each.body, "") for each in changes]
    return expected([each.kind for each in changes], versions)


def _of_key(service: Service, key: str, changes: Sequence[Change], objects: set[str]) -> Iterator[str]:
    due, item = _expected(changes), service.item(key)
    if item is None:
        yield f"there is no item, expected {due.status}"
        return
    if item["status"] != due.status:
        yield f"is {item['status']} ({item.get('error')}), expected {due.status}"
    served = item.get("source", {}).get("version_id")
    if served != (due.served.id if due.served else None):
        yield f"serves {served}, expected {due.served and due.served.id}"
    upload = item.get("upload", {}).get("version_id")
    if item["status"] != "DELETED" and upload != (due.latest and due.latest.id):
        yield f"has the upload {upload}, expected {due.latest and due.latest.id}"
    if served and item["digest"] not in [digest(served, plan, ENGINE_VERSION) for plan in _DIGESTED]:
        yield f"has the digest {item['digest']}, which is that of no plan"
    if item["status"] == "READY" and "error" in item:
        yield f"is READY with an error: {item['error']}"
    if item["status"] == "DELETED" and ("replaced" in item or "error" in item):
        yield "is DELETED, but its removal has not ended"
    renditions = {each["key"] for each in item.get("renditions", [])}
    yield from (f"the object {name} is neither served nor retired" for name in sorted(objects - renditions))
    yield from (f"the rendition {name} is gone, or will expire" for name in sorted(renditions - objects))
    yield from _answers(service, key, item)


def _answers(service: Service, key: str, item: dict[str, Any]) -> Iterator[str]:
    """What readers get, from Redis and from the edge."""
    status = {"DELETED": 410, "REJECTED": 422}.get(item["status"], 200)
    due = (200, item["revision"]) if item.get("renditions") else (status, None)
    for where in ("ApiUrl", "CdnUrl"):
        answer = httpx.get(f"{service.stack.outputs[where]}/metadata/{key}", timeout=60)
        found = (answer.status_code, answer.json().get("revision") if answer.status_code == 200 else None)
        if found != due:
            yield f"{where} answers {found}, the table {due}"
        location = httpx.get(f"{service.stack.outputs[where]}/images/{key}", timeout=60).headers.get(
            "location"
        )
        if due[0] == 200 and item["digest"] not in str(location):
            yield f"{where} redirects to {location}, the table has {item['digest']}"


def _unretired(service: Service) -> dict[str, set[str]]:
    """The keys of the renditions that will not expire, by image."""
    client, bucket = service.stack.client("s3"), service.stack.outputs["ProcessedBucketName"]
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FOLDER)
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]

    def is_retired(key: str) -> bool:
        tags = client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        return {"Key": "retired", "Value": "true"} in tags

    found: dict[str, set[str]] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for key, retired in zip(keys, pool.map(is_retired, keys), strict=True):
            if not retired:
                found.setdefault(key.rsplit("/", 2)[0], set()).add(key)
    return found


def _compared(history: History) -> Iterator[str]:
    """The differences to images that are made now, in order and without a fault, from the same uploads."""
    service = history.service
    for number, plan in enumerate(_DIGESTED):
        history.use_plan(number)
        made_with = {
            key: changes
            for key, changes in history.changes.items()
            if (item := service.item(key)) and _made_with(item, plan, last=number == len(_DIGESTED) - 1)
        }
        for steps in _in_order(made_with):
            for key, change in steps:
                _repeat(service, ORDERLY + key, change)
            service.all_settled([ORDERLY + key for key, _ in steps])
            history.drain()
        for key in made_with:
            found, orderly = _substance(service.item(key)), _substance(service.item(ORDERLY + key))
            if found != orderly:
                yield f"{key}: is {found}, an orderly run gives {orderly}"


def _made_with(item: dict[str, Any], plan: str, *, last: bool) -> bool:
    """Whether the plan made what is served; what serves nothing is compared with the last one."""
    if "digest" not in item:
        return last
    return bool(item["digest"] == digest(item["source"]["version_id"], plan, ENGINE_VERSION))


def _in_order(changes: dict[str, list[Change]]) -> Iterator[list[tuple[str, Change]]]:
    """Each key's upload that is served at the end, or that was deleted, and then its latest change, if another."""
    uploads, latest = [], []
    for key, each in changes.items():
        due = _expected(each)
        found = next((one for one in each if due.served and one.version == due.served.id), None)
        if each[-1].kind == "delete":
            found = next(one for one in reversed(each) if one.kind != "delete")
        if found:
            uploads.append((key, found))
        if each[-1] is not found:
            latest.append((key, each[-1]))
    yield from (steps for steps in (uploads, latest) if steps)


def _repeat(service: Service, key: str, change: Change) -> None:
    if change.body is not None:
        service.upload(change.body, key)
    else:
        service.stack.client("s3").delete_object(Bucket=service.stack.outputs["SourceBucketName"], Key=key)


def _substance(item: dict[str, Any] | None) -> dict[str, Any]:
    """The part of an item that does not depend on the key, the version and the time."""
    if item is None:
        return {}
    parts = {name: item.get(name) for name in _SAME}
    parts["renditions"] = [
        {name: value for name, value in each.items() if name != "key"} for each in item.get("renditions", [])
    ]
    parts["source"] = {
        name: value
        for name, value in item.get("source", {}).items()
        if name not in ("key", "version_id", "etag")
    }
    return parts
