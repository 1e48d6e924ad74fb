"""What all pages share: the stack, the session, the templates, caches and background jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from imageservice.core import formats
from imageservice_operator.console import charts, filters, json_view, urls
from imageservice_operator.console.execution_index import ExecutionIndex
from imageservice_operator.console.execution_list import ExecutionList
from imageservice_operator.console.jobs import DeadLetterReader, ReplayJobs
from imageservice_operator.console.originals import Originals
from imageservice_operator.console.security import Session
from imageservice_operator.console.snapshot import Snapshot
from imageservice_operator.operations import activity, health, standing, usage, wording
from imageservice_operator.operations.activity import Activity
from imageservice_operator.operations.health import Health
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.usage import Usage

Found = TypeVar("Found")

TEMPLATES = Path(__file__).with_name("templates")
COUNT_LIMIT = 1000  # the most images that are counted in a status; from here on it shows "1,000+"
HEALTH_S = 4.0  # how old the figures on a page may be before they are read again
HEALTH_PATIENCE_S = 30.0  # how old they may be on a page that does not wait for new ones
RUNNING_REFRESH_S, IDLE_REFRESH_S = (
    1,
    5,
)  # seconds until a page is fetched again, while work is in progress and otherwise
METRICS_S = 60.0  # CloudWatch bills each metric that is read
LOCAL_METRICS_S = 3.0
METRICS_PATIENCE_S = 300.0
RATES_S = 600.0  # counting reads the histories and logs of some uploads
Rates = tuple[Usage, Usage, Mapping[str, float]]


class Context:
    """The state of one console process, which shows one stack."""

    def __init__(self, stack: Stack, session: Session) -> None:
        self.stack = stack
        self.session = session
        self.executions = ExecutionIndex(stack)
        self.originals = Originals(stack)
        self.execution_list = ExecutionList(stack)
        self._health = Snapshot(lambda: health.look(stack, at_most=COUNT_LIMIT), HEALTH_S, HEALTH_PATIENCE_S)
        self._activity = Snapshot(
            lambda: activity.of(stack), LOCAL_METRICS_S if stack.is_local else METRICS_S, METRICS_PATIENCE_S
        )
        self._rates = Snapshot(lambda: _rates(stack), RATES_S, RATES_S)
        self.replays = ReplayJobs(stack, on_end=self.changed)
        self.dead_letters = DeadLetterReader(stack)
        self.templates = _templates()

    def health(self) -> Health:
        """What is wrong now, for all pages alike: a few seconds old."""
        return self._health.get()

    def activity(self) -> Mapping[str, Activity]:
        """The last hour and the last day, by name. Raises what CloudWatch raises."""
        return self._activity.get()

    def rates(self) -> Rates | str | None:
        """What an upload, a redirect and a month at rest take; why that is unknown; None while it is counted."""
        return self._rates.peek()

    def changed(self) -> None:
        """The next page shows what an action has changed."""
        self._health.expire()
        self.execution_list.changed()


def _rates(stack: Stack) -> Rates | str:
    try:
        return (
            usage.of_uploads(stack, sample=5),
            usage.of_redirects(stack, sample=200, hours=1),
            standing.quantities(stack),
        )
    except (ClientError, BotoCoreError) as error:
        return str(error)


def context_of(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


def render(request: Request, template: str, *, code: int = 200, **values: Any) -> HTMLResponse:
    """The page. Every value is escaped. An error page has no `failed_count`: counting may fail, too."""
    context = context_of(request)
    html = context.templates.get_template(template).render(
        stack=context.stack,
        token=context.session.token,
        failed_count="" if code >= 400 else filters.counted(context.health().images["FAILED"]),
        **{"refresh": 0, **values},
    )
    return HTMLResponse(html, status_code=code)


def permitted(read: Callable[[], Sequence[Found]]) -> Sequence[Found] | None:
    """What a part of a page reads; None if the credentials don't allow it: the rest of the page is shown."""
    try:
        return read()
    except ClientError as error:
        if "AccessDenied" in error.response["Error"]["Code"]:
            return None
        raise


def required(request: Request, name: str) -> str:
    """A query parameter that the page needs. Raises HTTPException 400 if it is missing or empty."""
    value = request.query_params.get(name)
    if not value:
        raise HTTPException(400, f"The URL has no {name}.")
    return value


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        ago=wording.ago,
        anchor=filters.anchor,
        exact=filters.exact,
        clock_ms=filters.clock_ms,
        tree=json_view.tree,
        machine_time=filters.machine_time,
        size=wording.size,
        receipt=wording.receipt,
        lasted=filters.lasted,
        pretty=filters.pretty,
        plural=filters.plural,
        counted=filters.counted,
        clock=charts.clock,
        megapixels=filters.megapixels,
        machine_word=filters.machine_word,
        times=filters.times,
        format_label=filters.format_label,
        status_word=filters.status_word,
        status_meaning=filters.status_meaning,
    )
    environment.globals.update(
        accepted_formats=formats.accepted_labels(),
        accepted_files=_accepted_files(),
        page=urls.page,
        image_page=urls.image,
        execution_page=urls.execution,
        rendition_page=urls.rendition,
    )
    return environment


def _accepted_files() -> str:
    """The `accept` of a file input. Browsers don't know some formats as images, so their extensions are listed, too."""
    rows = formats.FORMATS.values()
    names = dict.fromkeys(name for row in rows for name in (row.extension, row.name, *row.aliases))
    return ",".join(["image/*", *(f".{name}" for name in names)])
