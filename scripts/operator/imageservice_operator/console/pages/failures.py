"""Failures by error, with what to do; undelivered events; and the progress of a replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from imageservice_operator.console.context import IDLE_REFRESH_S, RUNNING_REFRESH_S, context_of, render
from imageservice_operator.console.urls import page as address
from imageservice_operator.operations import failures, moments
from imageservice_operator.operations.errors import BadRequest
from imageservice_operator.operations.failures import WORKFLOWS, FailedImage, Group
from imageservice_operator.operations.health import Health

IMAGES_PER_ERROR = 50
IMAGES_OF_ONE_ERROR = 200


@dataclass(frozen=True)
class Fields:
    """What limits the failures, as text: times as on the command line (2h, 3d, 2026-11-26T02:00)."""

    since: str
    until: str
    error: str
    workflow: str

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Fields:
        return cls(*(str(values.get(name) or "").strip() for name in ("since", "until", "error", "workflow")))

    def chosen(self, health: Health) -> list[FailedImage]:
        """Those of the failures that match. Raises BadRequest for a time that can't be read."""
        return failures.chosen_from(
            health.failed,
            since=_moment("Failed since", self.since),
            until=_moment("until", self.until),
            error=self.error or None,
            workflow=self.workflow or None,
        )

    def url(self, **changed: str | int) -> str:
        """The page's URL with these fields changed, from its beginning."""
        return address("/failures", **{**self.given, **changed})

    @property
    def given(self) -> dict[str, str]:
        """The fields that are not empty."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class Shown:
    """The part of a group that the page shows: its failures from `first`, counted from 1."""

    group: Group
    failures: list[FailedImage]
    first: int = 1


def page(request: Request) -> Response:
    """Optional parameters: those of `Fields`, and `from`, the number of the first failure of one error."""
    context, fields = context_of(request), Fields.of(request.query_params)
    health = context.health()
    chosen = fields.chosen(health)
    groups = failures.grouped(chosen)
    number = request.query_params.get("from", "")
    start = int(number) - 1 if number.isascii() and number.isdigit() and 0 < int(number) <= len(chosen) else 0
    shown = _shown(groups, start if fields.error else 0, bool(fields.error))
    waiting, letters = context.dead_letters.snapshot()
    return render(
        request,
        "failures.html",
        section="failures",
        fields=fields,
        groups=shown,
        total=len(chosen),
        all_failed=len(health.failed),
        replayable=sum(len(group.failures) for group in groups if group.advice.replay),
        errors=[group.name for group in health.groups],
        workflows=WORKFLOWS,
        in_progress=health.in_progress,
        newer=fields.url(**{"from": max(start - IMAGES_OF_ONE_ERROR, 0) + 1}) if start else None,
        older=fields.url(**{"from": start + IMAGES_OF_ONE_ERROR + 1})
        if fields.error and start + IMAGES_OF_ONE_ERROR < len(chosen)
        else None,
        waiting=waiting,
        letters=letters,
        progress=context.replays.current,
        busy=context.replays.running,
        refresh=RUNNING_REFRESH_S if context.replays.running or (waiting and not letters) else IDLE_REFRESH_S,
    )


def _shown(groups: list[Group], start: int, one_error: bool) -> list[Shown]:
    most = IMAGES_OF_ONE_ERROR if one_error else IMAGES_PER_ERROR
    return [Shown(group, list(group.failures[start : start + most]), start + 1) for group in groups]


def _moment(label: str, text: str) -> Any:
    """The time that was typed into a field; None for an empty one. Raises BadRequest that names the field."""
    try:
        return moments.moment(text) if text else None
    except BadRequest as error:
        raise BadRequest(f"{label}: {error}.") from error
