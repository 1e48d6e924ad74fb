"""What surrounds the read path, real where it matters: Redis, a table with the workflow's own conditional writes."""

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from botocore.exceptions import ClientError
from image_tables import NAME
from waiting import HANG_S

from imageservice.adapters.image_table import ImageTable, to_dynamodb
from imageservice.adapters.redis_client import Timeouts
from imageservice.core.manifest import Manifest
from imageservice.http.edge import EdgeSettings

# An edge with a configured name, one without, and none. The first two know these secrets.
EDGE = EdgeSettings("https://cdn.example", ("first", "second"), required=False)
UNNAMED_EDGE = EDGE._replace(url="")
NO_EDGE = EdgeSettings("", (), required=False)

_WORKFLOWS = Path(__file__).parents[2] / "statemachine"
# For a Redis that answers: on a busy machine, a slow answer is not an outage.
PATIENT = Timeouts(answer=60, connect=60, cooldown=0)
_SIZES = {"thumb": (160, 160), "w320": (320, 240), "w640": (640, 480), "w1280": (1280, 960)}


class Writes:
    """The writes of the workflows, with the very expressions of `statemachine/`."""

    def __init__(self, client: Any, table: str = NAME) -> None:
        self._client = client
        self._table = table
        process = json.loads((_WORKFLOWS / "process_image.asl.json").read_text())["States"]
        remove = json.loads((_WORKFLOWS / "remove_image.asl.json").read_text())["States"]
        self._register = _arguments(process, "Register upload")
        self._record = _arguments(process, "Record image", "Resize to each size")
        self._mark_deleted = _arguments(remove, "Mark deleted", "Read event")

    def register(self, image_id: str, sequencer: int, execution: str = "") -> bool:
        values = {
            ":processing": "PROCESSING",
            ":sequencer": _padded(sequencer),
            ":digits": len(_padded(sequencer)),
            ":outranked": "-",
            ":no_execution": "",
            ":upload": {"key": image_id, "version_id": f"v{sequencer}"},
            ":execution": execution or f"execution-{sequencer}",
            ":now": "2026-11-22T12:00:00Z",
            ":ready": "READY",
            ":rejected": "REJECTED",
        }
        return self._update(image_id, self._register, values) is not None

    def record(self, image_id: str, sequencer: int, execution: str = "") -> dict[str, Any] | None:
        """The new item, in DynamoDB's format; None if the race is lost."""
        values = {
            ":sequencer": _padded(sequencer),
            ":execution": execution or f"execution-{sequencer}",
            ":digits": len(_padded(sequencer)),
            ":digest": f"{sequencer:016x}",
            ":source": {"format": "jpeg", "width": 1600, "height": 1200, "bytes": 1000, "frames": 1},
            ":renditions": renditions(image_id, f"{sequencer:016x}"),
            ":aliases": {"w1920": "w1280"},
            ":alpha": False,
            ":placeholder": "data:image/webp;base64,AAAA",
            ":color": "#a0b0c0",
            ":none": [],
            ":zero": 0,
            ":one": 1,
        }
        return self._update(image_id, self._record, values)

    def mark_deleted(self, image_id: str, sequencer: int) -> dict[str, Any] | None:
        """The tombstone, in DynamoDB's format; None if something newer is known."""
        values = {
            ":deleted": "DELETED",
            ":sequencer": _padded(sequencer),
            ":digits": len(_padded(sequencer)),
            ":outranked": "-",
            ":no_execution": "",
            ":zero": 0,
            ":one": 1,
            ":none": [],
            ":execution": f"execution-{sequencer}",
            ":now": "2026-11-22T12:00:02Z",
            ":expires": 1_800_000_000,
        }
        return self._update(image_id, self._mark_deleted, values)

    def _update(
        self, image_id: str, arguments: dict[str, Any], values: dict[str, Any]
    ) -> dict[str, Any] | None:
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"id": {"S": image_id}},
                **arguments,
                ExpressionAttributeValues=to_dynamodb(values),
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return None
            raise
        attributes: dict[str, Any] = answer["Attributes"]
        return attributes


def _arguments(states: dict[str, Any], writing: str, assigning: str = "") -> dict[str, Any]:
    """What the state `writing` calls updateItem with, values aside. Where its expressions are joined, their clauses
    are in the Assign of the state `assigning`. Of two conditions to choose from, the usual one is the last."""
    arguments = states[writing]["Arguments"]
    clauses = states[assigning]["Assign"] if assigning else {}

    def spelled_out(expression: str) -> str:
        if not expression.startswith("{%"):
            return expression
        name = re.findall(r"\$(\w+)", expression.split(",")[0])[-1]
        return " ".join(map(_usual, clauses[name]))

    return {
        "UpdateExpression": spelled_out(arguments["UpdateExpression"]),
        "ConditionExpression": spelled_out(arguments["ConditionExpression"]),
        "ExpressionAttributeNames": arguments["ExpressionAttributeNames"],
    }


def _usual(clause: str) -> str:
    """The clause; of an expression that chooses one of two, the first, which is for an image that is made whole."""
    choice = re.fullmatch(r"\{% .* \? '(.*)' : '.*' %\}", clause)
    return choice[1] if choice else clause


def image_table(client: Any) -> ImageTable:
    return ImageTable(client, NAME)


def renditions(image_id: str, digest: str) -> list[dict[str, Any]]:
    return [
        {
            "size": size,
            "width": width,
            "height": height,
            "format": name,
            "key": f"{image_id}/{digest}/{size}.{name}",
            "bytes": width * 10,
        }
        for size, (width, height) in _SIZES.items()
        for name in ("avif", "webp", "jpeg")
    ]


def manifest(image_id: str, revision: int = 1, **more: Any) -> Manifest:
    """A READY manifest."""
    digest = f"{revision:016x}"
    made: Any = {
        "id": image_id,
        "status": "READY",
        "revision": revision,
        "digest": digest,
        "format": "jpeg",
        "width": 1600,
        "height": 1200,
        "frames": 1,
        "bytes": 1000,
        "renditions": renditions(image_id, digest),
        "aliases": {"w1920": "w1280"},
        **more,
    }
    return cast(Manifest, made)


def _padded(sequencer: int) -> str:
    return f"{sequencer:032x}"


class Pausable:
    """A call on a thread of its own that stops at the table, before or after reading it, until the test resumes it."""

    def __init__(self, call: Callable[["Pausable"], Any], stop: str) -> None:
        self._stop = stop
        self._changed = threading.Condition()
        self._at_table = False
        self._go_on = False
        self._done = False
        self.result: Any = None
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._at_table or self._done, timeout=HANG_S)

    @property
    def paused(self) -> bool:
        return self._at_table and not self._done

    def finish(self) -> Any:
        with self._changed:
            self._go_on = True
            self._changed.notify_all()
        self._thread.join(HANG_S)
        assert self._done, "the call hangs"
        if self.failure is not None:
            raise self.failure
        return self.result

    def at(self, place: str) -> None:
        """Called on the thread, at the table."""
        if place != self._stop:
            return
        with self._changed:
            self._at_table = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._go_on, timeout=HANG_S)

    def _run(self, call: Callable[["Pausable"], Any]) -> None:
        try:
            self.result = call(self)
        except BaseException as error:  # noqa: BLE001 - raised again by finish(), on the test's thread
            self.failure = error
        with self._changed:
            self._done = True
            self._changed.notify_all()


class PausingTable:
    """The table, for a call that stops before or after reading it."""

    def __init__(self, table: ImageTable, call: Pausable) -> None:
        self._table = table
        self._call = call

    def get(self, image_id: str) -> dict[str, Any] | None:
        self._call.at("before")
        item = self._table.get(image_id)
        self._call.at("after")
        return item
