"""watch: what is wrong now, what is in progress, and the last hour, again and again."""

from __future__ import annotations

import contextlib
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from imageservice.core.errors import StoreUnavailable
from imageservice_operator.cli.output import status_text, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import activity, health, images
from imageservice_operator.operations.activity import Activity
from imageservice_operator.operations.health import Health
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.wording import ago, exact

COUNT_LIMIT = 10_000
METRICS_S = 60.0  # CloudWatch bills each metric that is read, and has a new value once a minute
_MOST_IMAGES = 100
_OTHER_LINES = 13  # of a frame, without the images


@dataclass(frozen=True)
class Frame:
    """What is shown at one moment: the images are those that changed last, newest first."""

    health: Health
    windows: Mapping[str, Activity]
    images: Sequence[Image]

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.health.at,
            **self.health.as_json(),
            **{f"last_{name}": each.as_json() for name, each in self.windows.items()},
        }


class Source:
    """Reads the frames of a stack. The metrics are read at most once a minute, on a local stack with each frame."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._windows: Mapping[str, Activity] = {}
        self._read_at = float("-inf")

    def frame(self) -> Frame:
        """The frame now. Raises what AWS raises."""
        if self._stack.is_local or time.monotonic() - self._read_at >= METRICS_S:
            self._windows, self._read_at = activity.of(self._stack), time.monotonic()
        now = health.look(self._stack, at_most=COUNT_LIMIT)
        latest = images.listed(self._stack, limit=_MOST_IMAGES).images
        return Frame(now, self._windows, [now.corrected(image) for image in latest])


@command("watch", "Watch what is wrong, in progress and done, live.")
@click.option(
    "--interval",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    metavar="SECONDS",
    help="How long to wait between two updates.",
)
@click.option("--count", "looks", type=click.IntRange(1), help="End after this many updates.")
def watch(session: Session, interval: float, looks: int | None) -> None:
    """Show what is wrong now, what is in progress, the last hour and day, and the latest images, until q or Ctrl-C.

    Into a pipe or a file, it prints each update as text without colors; with --json, as one document. CloudWatch bills
    the metrics of the last hour and day, so on AWS they are read once a minute: $0.018 an hour.
    """
    source = Source(session.stack)
    first = source.frame()
    with contextlib.suppress(KeyboardInterrupt):
        if session.as_json or not session.out.is_terminal:
            _print(session, source, first, interval, looks)
        else:
            _live(session, source, first, interval, looks)


def _print(session: Session, source: Source, frame: Frame, interval: float, looks: int | None) -> None:
    number = 1
    while True:
        session.emit(frame.as_json())
        session.show(drawn(session.stack, frame, most_images=10))
        session.show()
        if number == looks:
            return
        time.sleep(interval)
        frame, number = source.frame(), number + 1


def _live(session: Session, source: Source, frame: Frame, interval: float, looks: int | None) -> None:
    number, note = 1, ""
    with _keys() as pressed, Live(console=session.out, screen=True, auto_refresh=False) as live:
        while True:
            room = max(session.out.height - _OTHER_LINES, 0)
            live.update(drawn(session.stack, frame, most_images=room, note=note), refresh=True)
            if number == looks or pressed(interval) == "q":
                return
            number += 1
            try:
                frame, note = source.frame(), ""
            except (ClientError, BotoCoreError, StoreUnavailable) as error:  # it may be a throttle, and pass
                note = f"AWS does not answer, trying again: {error}"


def drawn(stack: Stack, frame: Frame, *, most_images: int, note: str = "") -> Group:
    """The frame as it is printed."""
    now = frame.health
    style = "green" if now.is_well else "bold red"
    heading = Text.assemble((stack.name, "bold"), f"  {stack.region}  {exact(now.at)}")
    parts: list[Any] = [heading, Text(now.sentence, style=style)]
    if note:
        parts.append(Text(note, style="yellow"))
    parts += ["", _counts(now), "", _windows(frame.windows)]
    if frame.images and most_images:
        parts += ["", _images(frame.images[:most_images])]
    return Group(*parts)


def _counts(now: Health) -> Table:
    names = [*now.images, "dead letters"]
    shown = table(*names, right=names)
    counts = [
        f"{number:,}{'+' if number == now.at_most and name != 'FAILED' else ''}"
        for name, number in now.images.items()
    ]
    shown.add_row(*counts, f"{now.undelivered:,}")
    return shown


def _windows(windows: Mapping[str, Activity]) -> Table:
    names = ("last", "started", *activity.OUTCOMES, "p50", "p90", "reads", "cached")
    shown = table(*names, right=names[1:])
    for name, each in windows.items():
        times = [each.took_all[percentile] for percentile in ("p50", "p90")]
        shown.add_row(
            name,
            *(f"{number:,}" for number in each.totals.values()),
            *("–" if value is None else f"{value / 1000:.1f} s" for value in times),
            f"{each.redirects:,}",
            "–" if each.cache_hits is None else f"{each.cache_hits:.0%}",
        )
    return shown


def _images(latest: Sequence[Image]) -> Table:
    shown = table("status", "changed", "image")
    shown.columns[2].no_wrap, shown.columns[2].overflow = True, "ellipsis"
    now = datetime.now(UTC)
    for image in latest:
        shown.add_row(status_text(image.status), ago(image.updated_at, now), untrusted(image.id))
    return shown


@contextlib.contextmanager
def _keys() -> Iterator[Callable[[float], str]]:
    """Waits for a key for some seconds, and returns it; "" if none was pressed. The terminal does not show it."""
    if not sys.stdin.isatty():

        def wait(seconds: float) -> str:
            time.sleep(seconds)
            return ""

        yield wait
        return
    before = termios.tcgetattr(sys.stdin)

    def pressed(seconds: float) -> str:
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        return sys.stdin.read(1) if ready else ""

    try:
        tty.setcbreak(sys.stdin)
        yield pressed
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
