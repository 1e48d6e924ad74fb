"""Work that takes longer than a request: replays of many images, and reading the dead-letter queues."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from imageservice_operator.operations import dead_letters, replay
from imageservice_operator.operations.dead_letters import DeadLetter
from imageservice_operator.operations.errors import OperationFailed
from imageservice_operator.operations.failures import FailedImage
from imageservice_operator.operations.replay import Outcome
from imageservice_operator.operations.stack import Stack

LOG = logging.getLogger(__name__)
FOLLOW_S = 900.0
LETTERS_TTL_S = 10.0
GOOD = ("READY", "DELETED", "SUPERSEDED", "sent")


@dataclass
class Progress:
    """One run: `begun` counts the replays started or refused, `results` those that ended, by result."""

    what: str
    total: int
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    begun: int = 0
    done: int = 0
    results: Counter[str] = field(default_factory=Counter)
    notes: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""

    @property
    def helped(self) -> int:
        """How many ended repaired, or were not broken anymore."""
        return sum(number for result, number in self.results.items() if result in GOOD)

    @property
    def is_in_vain(self) -> bool:
        """Whether it has ended, and nothing is repaired."""
        return self.ended is not None and self.total > 0 and not self.helped

    @property
    def reasons(self) -> Sequence[tuple[str, int]]:
        """Why replays did not help, the most frequent first, with how many they are."""
        return Counter(note for _, note in self.notes if note).most_common(5)


class ReplayJobs:
    """Replays in the background: one run at a time, on its own thread. `current` is the last one."""

    def __init__(self, stack: Stack, on_end: Callable[[], None] = lambda: None) -> None:
        """`on_end` is called after each run, on its thread."""
        self._stack, self._on_end = stack, on_end
        self._lock = threading.Lock()
        self.current: Progress | None = None

    @property
    def running(self) -> bool:
        return self.current is not None and self.current.ended is None

    def failed(self, failures: Sequence[FailedImage], what: str) -> bool:
        """Replays the failures and follows each to its end. False if another run is still going on."""
        return self._begin(what, len(failures), lambda progress: self._replay(failures, progress))

    def letters(self, count: int) -> bool:
        """Sends the events in the dead-letter queues again. False if another run is still going on."""
        return self._begin("undelivered events", count, self._send)

    def _begin(self, what: str, total: int, work: Callable[[Progress], None]) -> bool:
        with self._lock:
            if self.running:
                return False
            self.current = progress = Progress(what, total)
        threading.Thread(target=self._run, args=(work, progress), daemon=True, name="replays").start()
        return True

    def _run(self, work: Callable[[Progress], None], progress: Progress) -> None:
        try:
            work(progress)
        except (ClientError, BotoCoreError, OperationFailed) as error:
            progress.error = str(error)
        except Exception as error:  # an error in a thread is seen nowhere else; the page shows it
            LOG.exception("a replay run stopped on an error")
            progress.error = f"{type(error).__name__}: {error}"
        finally:
            self._on_end()
            progress.ended = datetime.now(UTC)

    def _replay(self, failures: Sequence[FailedImage], progress: Progress) -> None:
        def begun(outcome: Outcome) -> None:
            progress.begun += 1
            if not outcome.begun:
                progress.done += 1
                progress.results[outcome.result or outcome.action] += 1
                if outcome.result not in GOOD:
                    progress.notes.append((outcome.id, outcome.note))

        def ended(outcome: Outcome) -> None:
            progress.done += 1
            progress.results[outcome.result or outcome.action] += 1
            if outcome.note and outcome.result not in GOOD:
                progress.notes.append((outcome.id, outcome.note))

        outcomes = replay.replay(self._stack, failures, on_outcome=begun)
        replay.followed(self._stack, outcomes, timeout=FOLLOW_S, on_result=ended)

    def _send(self, progress: Progress) -> None:
        def sent(outcome: dead_letters.Sent) -> None:
            progress.begun += 1
            progress.done += 1
            progress.total = max(progress.total, progress.done)
            progress.results["sent" if outcome.done else "not sent"] += 1
            if outcome.note:
                progress.notes.append((outcome.image_id or outcome.id, outcome.note))

        dead_letters.replay(self._stack, on_sent=sent)


class DeadLetterReader:
    """The events in the dead-letter queues. A thread reads them, since that takes seconds; a later page shows them."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lock = threading.Lock()
        self._reading = False
        self._read_at = float("-inf")
        self._letters: Sequence[DeadLetter] = ()

    def snapshot(self) -> tuple[int, Sequence[DeadLetter]]:
        """About how many events wait, and those that have been read so far."""
        count = sum(dead_letters.depths(self._stack).values())
        with self._lock:
            if count == 0:
                self._letters = ()
            elif not self._reading and time.monotonic() - self._read_at > LETTERS_TTL_S:
                self._reading = True
                threading.Thread(target=self._read, daemon=True, name="dead-letters").start()
            return count, self._letters

    def clear(self) -> None:
        """The next snapshot has no events until they are read again."""
        with self._lock:
            self._letters, self._read_at = (), float("-inf")

    def _read(self) -> None:
        try:
            letters = dead_letters.waiting(self._stack)
            with self._lock:
                self._letters = letters
        except (ClientError, BotoCoreError, OperationFailed):
            LOG.warning("the dead-letter queues can't be read", exc_info=True)
        finally:
            with self._lock:
                self._reading, self._read_at = False, time.monotonic()
