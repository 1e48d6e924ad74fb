"""The types of options that are a point in time, or a length of time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from imageservice_operator.operations import moments
from imageservice_operator.operations.errors import BadRequest


class Moment(click.ParamType[datetime]):
    """A point in time: 90min, 2h, 3d ago, or a date and time in ISO 8601 (in UTC where it has no zone)."""

    name = "WHEN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return moments.moment(value)
        except BadRequest as error:
            self.fail(str(error), param, ctx)


class Duration(click.ParamType[float]):
    """A length of time in seconds: 30s, 10min, 2h; a number without a unit is in seconds."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return moments.duration(value)
        except BadRequest as error:
            self.fail(str(error), param, ctx)
