"""What all pages share: the stack, the session, the templates, and the work that goes on in the background."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from imageservice_operator.console import filters, urls
from imageservice_operator.console.execution_index import ExecutionIndex
from imageservice_operator.console.jobs import DeadLetterReader, ReplayJobs
from imageservice_operator.console.security import Session
from imageservice_operator.console.ttl_cache import TtlCache
from imageservice_operator.operations import images
from imageservice_operator.operations.stack import Stack

TEMPLATES = Path(__file__).with_name("templates")
COUNTED = 100  # failed images, for the number in the navigation; more show as "99+"
RUNNING_EVERY, IDLE_EVERY = 1, 5  # seconds between looks at a page on which something goes on, or nothing


class Context:
    """One run of the console over one stack."""

    def __init__(self, stack: Stack, session: Session) -> None:
        self.stack = stack
        self.session = session
        self.executions = ExecutionIndex(stack)
        self.replays = ReplayJobs(stack)
        self.dead_letters = DeadLetterReader(stack)
        self._failed = TtlCache(
            lambda: len(images.listed(stack, status="FAILED", limit=COUNTED).images), seconds=2
        )
        self.templates = _templates()

    def failed_count(self) -> str:
        """How many images have failed: "" for none, at most "99+"."""
        count = self._failed.get()
        return "" if count == 0 else str(count) if count < COUNTED else f"{COUNTED - 1}+"


def context_of(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


def render(request: Request, template: str, *, code: int = 200, **values: Any) -> HTMLResponse:
    """The page. Every value is escaped; `failed_count` is left out of pages that tell of a stack that can't be read."""
    context = context_of(request)
    html = context.templates.get_template(template).render(
        stack=context.stack,
        token=context.session.token,
        failed_count="" if code >= 400 else context.failed_count(),
        **{"every": 0, **values},
    )
    return HTMLResponse(html, status_code=code)


def required(request: Request, name: str) -> str:
    """A parameter of the address that a page can't do without. Raises HTTPException 400."""
    value = request.query_params.get(name)
    if not value:
        raise HTTPException(400, f"The address lacks {name}.")
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
        ago=filters.ago,
        anchor=filters.anchor,
        exact=filters.exact,
        machine_time=filters.machine_time,
        size=filters.size,
        lasted=filters.lasted,
        pretty=filters.pretty,
        plural=filters.plural,
        megapixels=filters.megapixels,
        status_word=filters.status_word,
        status_meaning=filters.status_meaning,
    )
    environment.globals.update(
        page=urls.page,
        image_page=urls.image,
        execution_page=urls.execution,
        rendition_page=urls.rendition,
    )
    return environment
