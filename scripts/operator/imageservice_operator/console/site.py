"""What all pages share: the stack, the session, the templates, and the work that goes on in the background."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from imageservice_operator.console import addresses, words
from imageservice_operator.console.background import DeadLetters, Replays
from imageservice_operator.console.past import Past
from imageservice_operator.console.recent import Recent
from imageservice_operator.console.security import Session
from imageservice_operator.operations import images
from imageservice_operator.operations.stack import Stack

TEMPLATES = Path(__file__).with_name("templates")
COUNTED = 100  # failed images, for the number in the navigation; more show as "99+"
RUNNING_EVERY, IDLE_EVERY = 1, 5  # seconds between looks at a page on which something goes on, or nothing


class Site:
    """One run of the console over one stack."""

    def __init__(self, stack: Stack, session: Session) -> None:
        self.stack = stack
        self.session = session
        self.past = Past(stack)
        self.replays = Replays(stack)
        self.dead_letters = DeadLetters(stack)
        self._failed = Recent(
            lambda: len(images.listed(stack, status="FAILED", limit=COUNTED).images), seconds=2
        )
        self.templates = _templates()

    def failed_count(self) -> str:
        """How many images have failed: "" for none, at most "99+"."""
        count = self._failed.get()
        return "" if count == 0 else str(count) if count < COUNTED else f"{COUNTED - 1}+"


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def render(request: Request, template: str, *, code: int = 200, **values: Any) -> HTMLResponse:
    """The page. Every value is escaped; `failed_count` is left out of pages that tell of a stack that can't be read."""
    site = site_of(request)
    html = site.templates.get_template(template).render(
        stack=site.stack,
        token=site.session.token,
        failed_count="" if code >= 400 else site.failed_count(),
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
        ago=words.ago,
        anchor=words.anchor,
        exact=words.exact,
        machine_time=words.machine_time,
        size=words.size,
        lasted=words.lasted,
        pretty=words.pretty,
        plural=words.plural,
        megapixels=words.megapixels,
        status_word=words.status_word,
        status_meaning=words.status_meaning,
    )
    environment.globals.update(
        page=addresses.page,
        image_page=addresses.image,
        execution_page=addresses.execution,
        rendition_page=addresses.rendition,
    )
    return environment
