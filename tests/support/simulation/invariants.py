"""What must hold at each moment, not only at the end: each promise that was broken on the way, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imageservice.adapters.image_table import from_dynamodb
from imageservice.core.keys import cache_tag, digest_of, is_private
from imageservice_operator.operations import failures

if TYPE_CHECKING:
    from simulation.step_functions import Run
    from simulation.world import World


class Invariants:
    """Watches a world. `broken` has each promise once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.broken: list[str] = []

    def written(
        self, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, values: Mapping[str, Any]
    ) -> None:
        """A write of an item, as DynamoDB has it before and after; `values` are the write's own."""
        old, new = from_dynamodb(before or {}), from_dynamodb(after or {})
        writer = values.get(":execution", {}).get("S")
        same_upload = bool(old) and old.get("sequencer") == new.get("sequencer")
        failed = same_upload and (old["status"], new["status"]) == ("PROCESSING", "FAILED")
        if failed and old.get("execution") != writer:
            self._break(f"{new['id']}: a failure of {writer} hides that {old.get('execution')} works")
        made = new.get("digest")
        of_latest = made and new.get("served_sequencer") == new.get("sequencer")
        if of_latest and old.get("digest") != made and new.get("execution") != writer:
            self._break(
                f"{new['id']}: {writer} recorded what {new.get('execution')} makes, perhaps by another plan"
            )

    def announced(self, entry: Mapping[str, Any]) -> None:
        """READY and REMOVED promise that no cache has the old image; an image of a run has left the purge to it. A
        private image that is READY has no file at a public address."""
        if entry["DetailType"] not in ("ImageReady", "ImageRemoved"):
            return
        detail = entry["Detail"]
        item = self._world.table.get(detail["id"]) or {}
        if is_private(detail.get("digest", "")) and item.get("digest") == detail["digest"]:
            self._exposed(detail["id"], detail["execution"] == item["execution"])
        run = self._world.states.runs[detail["execution"]]
        cached = self._world.cdn.cached.get(cache_tag(detail["id"]))
        in_a_run = "run" in run.event["detail"] and not run.redrives
        if cached and cached["revision"] < detail["revision"] and not in_a_run:
            self._break(
                f"{detail['id']}: the edge has revision {cached['revision']} when {detail['revision']} is announced"
            )

    def _exposed(self, key: str, latest: bool) -> None:
        at_edge = self._world.cdn.files.get(cache_tag(key), set())
        stored = {each for each in self._world.s3.stored if each.startswith(f"{key}/")} if latest else set()
        for file in sorted(at_edge | stored):
            if not is_private(digest_of(file)):
                where = "the edge" if file in at_edge else "the bucket"
                self._break(f"{key}: {where} has {file} in public when the private image is announced")

    def recorded(self, change: Mapping[str, Any], was: Run, announced: Sequence[Mapping[str, Any]]) -> None:
        """An event about an execution that has since succeeded, or was redriven again, announces no failure.

        `was` is the execution as it was when the event came, `announced` what has been announced since.
        """
        mine = {"id": was.key, "execution": was.arn, "redrives": change["redriveCount"]}
        ahead = was.status == "SUCCEEDED" or was.redrives > change["redriveCount"]
        if ahead and any(each["Detail"] == mine for each in announced):
            self._break(f"{was.key}: a failure is announced that {was.arn} has left behind")

    def look(self) -> None:
        """What an operator sees now: no failure of an upload that another execution works on."""
        for each in failures.failed(self._world.stack):
            item = self._world.table.get(each.id) or {}
            holder = self._world.states.runs.get(item.get("execution", ""))
            mine = self._world.states.runs.get(each.execution or "")
            if not (holder and mine) or holder is mine or holder.status != "RUNNING":
                continue
            same = holder.event["detail"]["object"] == mine.event["detail"]["object"]
            if same and item["status"] == "PROCESSING":
                self._break(f"{each.id}: a failure is listed while {holder.arn} works on the same upload")

    def _break(self, text: str) -> None:
        if text not in self.broken:
            self.broken.append(text)
