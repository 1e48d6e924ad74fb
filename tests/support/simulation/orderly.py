"""What a history leaves if each upload and deletion happens once, in order, and without a fault; and what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.manifest_cache import CacheEntry
from imageservice.core.keys import cache_tag, digest
from imageservice.core.manifest import manifest_of
from imageservice.core.original_metadata import FOCUS
from imageservice.engine import ENGINE_VERSION
from imageservice_operator.operations import failures, storage
from simulation.plans import CROPPED, PLANS, PRIVATE
from simulation.stores import Version

if TYPE_CHECKING:
    from simulation.step_functions import Run
    from simulation.world import World

_GOOD = ("good", "same", "focus", "raced")
_BAD: tuple[str, ...] = ("broken", "cut off")


@dataclass
class Expected:
    """A key's status, and the version that is served."""

    status: str | None = None
    latest: Version | None = None
    served: Version | None = None


def expected(kinds: Sequence[str], versions: Sequence[Version]) -> Expected:
    """`kinds` are a key's uploads and deletions, in order; the bucket has a version for each."""
    result = Expected()
    for kind, version in zip(kinds, versions, strict=True):
        result.latest = version
        if kind == "delete":
            result = Expected("DELETED", version)
        elif kind in _BAD:
            result.status = "REJECTED"
        else:
            result.status, result.served = "READY", version
    return result


def differences(world: World, done: Sequence[Any]) -> list[str]:
    """Each difference between the world and an orderly run of what was done, in words."""
    wrong = [
        f"{run.arn} is {run.status} at {run.state}: {run.error} {run.cause}"
        for run in world.states.runs.values()
        if run.status == "RUNNING" or run.error == "States.QueryEvaluationError"
    ]
    wrong += [f"a failure is left: {each}" for each in failures.failed(world.stack)]
    keys = sorted({each.key for each in done})
    for key in keys:
        kinds = [each.kind for each in done if each.key == key and each.kind in (*_GOOD, "delete", *_BAD)]
        found = world.dynamodb.item({"id": {"S": key}})
        item = from_dynamodb(found) if found else None
        due = expected(kinds, world.originals.versions.get(key, []))
        wrong += [f"{key}: {each}" for each in _of_key(world, key, item, due)]
    mine = [key for key in world.s3.stored if key.partition("/")[0] not in keys]
    return wrong + [f"{key} belongs to no image" for key in mine]


def unexplained(world: World) -> Iterator[str]:
    """What is left over in the bucket, although no execution failed after another one of the image had begun.

    Two executions of one upload that ran at once under different plans leave the renditions of one, too. And S3 takes a
    put that comes after its caller has given it up, even after the removal of the image: nothing that a workflow does
    can prevent that, so `reconcile --storage` retires it.
    """
    for each in storage.left_over(world.stack):
        if each.key in world.s3.late:
            continue
        runs = [run for run in world.states.runs.values() if run.key == each.image_id]
        pairs = [(run, other) for run in runs for other in runs if other is not run]
        outlived = any(failed >= other.started for run, other in pairs for failed in run.failed_at)
        two_plans = world.plans > 1 and any(_at_once(run, other) for run, other in pairs)
        if not outlived and not two_plans:
            yield f"{each.key} is left over"


def _at_once(run: Run, other: Run) -> bool:
    same = run.event["detail"]["object"]["sequencer"] == other.event["detail"]["object"]["sequencer"]
    if not (same and run.stopped and other.stopped):
        return False
    return other.started <= run.stopped <= other.stopped


def _of_key(world: World, key: str, item: dict[str, Any] | None, wanted: Expected) -> Iterator[str]:
    if item is None or wanted.status is None:
        if item is not None or wanted.status is not None:
            yield f"the item is {item}, expected {wanted}"
        return
    if item["status"] != wanted.status:
        yield f"is {item['status']} ({item.get('error')}), expected {wanted.status}"
    served = item.get("source", {}).get("version_id")
    if served != (wanted.served.id if wanted.served else None):
        yield f"serves {served}, expected {wanted.served and wanted.served.id}"
    upload = item.get("upload", {}).get("version_id")
    if item["status"] != "DELETED" and wanted.latest and upload != wanted.latest.id:
        yield f"has the upload {upload}, expected {wanted.latest.id}"
    if served and item["digest"] not in _digests(key, served, world):
        yield f"has the digest {item['digest']}, which is that of no plan"
    if served and not item["renditions"]:
        yield "serves no renditions"
    if item["status"] == "REJECTED" and "error" not in item:
        yield "is REJECTED without a reason"
    if item["status"] == "READY" and "error" in item:
        yield f"is READY with an error: {item['error']}"
    if item["status"] == "DELETED" and ("replaced" in item or "error" in item):
        yield "is DELETED, but its removal has not ended"
    kept = {name for name, each in world.s3.stored.items() if name.startswith(f"{key}/") and not each.retired}
    renditions = {each["key"] for each in item.get("renditions", [])}
    yield from (f"the object {name} is neither served nor retired" for name in sorted(kept - renditions))
    yield from (f"the rendition {name} is gone, or will expire" for name in sorted(renditions - kept))
    yield from _caches(world, key, item)
    yield from _announced(world, key, item)


def _caches(world: World, key: str, item: dict[str, Any]) -> Iterator[str]:
    manifest = manifest_of(item)
    served = _served(manifest)
    cached = world.cache.read(key)
    # A tombstone in Redis lives for seconds, so an upload after a deletion does not replace it.
    allowed = {served, "DELETED"} if served == "nothing" else {served}
    if isinstance(cached, CacheEntry) and _served(cached.manifest) not in allowed:
        yield f"Redis has {_served(cached.manifest)}, the table {served}"
    at_edge = world.cdn.cached.get(cache_tag(key))
    if at_edge is not None and _served(at_edge) != served:
        yield f"the edge has {_served(at_edge)}, the table {served}"


def _served(manifest: Any) -> Any:
    """What readers see of a manifest: what is served, or that nothing is."""
    if manifest is None or "renditions" not in manifest:
        return "DELETED" if manifest and manifest["status"] == "DELETED" else "nothing"
    return manifest["revision"], manifest["digest"]


def _announced(world: World, key: str, item: dict[str, Any]) -> Iterator[str]:
    """The last that subscribers heard of each kind."""
    heard = [each for each in world.announced if each["Detail"]["id"] == key]
    ready = [each["Detail"]["digest"] for each in heard if each["DetailType"] == "ImageReady"]
    if item.get("digest") and item["digest"] not in ready:
        yield f"ImageReady was not announced for {item['digest']}"
    kinds = {"REJECTED": "ImageRejected", "DELETED": "ImageRemoved"}
    missing = kinds.get(item["status"])
    if missing and missing not in {each["DetailType"] for each in heard}:
        yield f"{missing} was not announced"


def _digests(key: str, version_id: str, world: World) -> set[str]:
    focus = world.originals.get(key, version_id).metadata.get(FOCUS, "")
    plans = (*PLANS, CROPPED, PRIVATE)
    assert world.plan in plans
    return {digest(version_id, plan.default.fingerprint, ENGINE_VERSION, focus) for plan in plans}
