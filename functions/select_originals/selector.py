"""What to do about each original, and the event that makes its renditions again."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from imageservice.core.image_text import text_of
from imageservice.core.rendition_plan import RenditionPlan
from imageservice.core.reprocessing import Selection, decide, is_overlooked
from imageservice.core.upload_event import Upload, upload_from_item


class Table(Protocol):
    """The part of imageservice.adapters.image_table that is used here."""

    def get(self, image_id: str) -> dict[str, Any] | None: ...


class Selector:
    """Decides for one rendition plan and one engine.

    `find_original` returns the upload that SourceBucket has under a key, None if it has none. `sent_plan` is the plan
    as JSON for the events, where it is not the deployment's.
    """

    def __init__(
        self,
        table: Table,
        find_original: Callable[[str], Upload | None],
        plan: RenditionPlan,
        engine: str,
        sent_plan: str = "",
    ) -> None:
        self._table, self._find_original = table, find_original
        self._plan, self._engine, self._sent_plan = plan, engine, sent_plan

    def select(self, key: str, selection: Selection, now: datetime, etag: str = "") -> dict[str, Any]:
        """`key`, `decision` and, if that is PROCESS, the `event` for ProcessImage.

        `etag` is the original's, if it is known: the table may have an older original. An original that has been
        deleted meanwhile counts as DELETED.
        """
        item = self._table.get(key)
        fingerprint = self._plan.plan_for(key).fingerprint_with(text_of(item) if item else {})
        decision = decide(item, selection, fingerprint, self._engine, now, etag)
        if decision != "PROCESS":
            return {"key": key, "decision": decision}
        upload = self._upload(key, item, etag)
        if upload is None:
            return {"key": key, "decision": "DELETED"}
        event = upload.created_event("Reprocess", force=selection.force, moment=now, plan=self._sent_plan)
        return {"key": key, "decision": decision, "event": event}

    def _upload(self, key: str, item: Mapping[str, Any] | None, etag: str) -> Upload | None:
        if item and "upload" in item and not is_overlooked(item, etag):
            return upload_from_item(item)
        return self._find_original(key)
