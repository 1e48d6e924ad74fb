"""The rendition plan as an operator meets it: in a file, and live in a deployment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imageservice.adapters.plan_loader import checked_document, load_plan, packaged_plan
from imageservice.core.errors import PlanInvalid
from imageservice.core.rendition_plan import Plan, RenditionPlan, Rule
from imageservice_operator.operations.errors import BadRequest, OperationFailed
from imageservice_operator.operations.stack import Stack

MAX_BYTES = 3_584
"""The most bytes of a plan, with its quotes escaped. Lambda allows 4 KB for all variables of a function, and measures
them as JSON; docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. A parameter of CloudFormation may have
4,096 characters."""
_LARGEST_FILE = 1_000_000


@dataclass(frozen=True)
class PlanDocument:
    """A valid plan: its JSON on one line, and what it means."""

    text: str
    plan: RenditionPlan

    @property
    def bytes(self) -> int:
        """As Lambda measures it in an environment."""
        return len(json.dumps(self.text, ensure_ascii=False).encode())

    @property
    def widths(self) -> str:
        """The template's parameter RenditionWidths for this plan."""
        return ",".join(map(str, self.plan.widths))

    def as_json(self) -> dict[str, Any]:
        return {
            "bytes": self.bytes,
            "widths": self.widths,
            "rules": [{"prefix": rule.prefix, **described(rule.plan)} for rule in self.plan.rules],
        }


def described(plan: Plan) -> dict[str, Any]:
    """The sizes' names, the formats, the qualities that are set, the light, the access, and what is embedded."""
    return {
        "sizes": [size.name for size in plan.sizes],
        "formats": list(plan.formats),
        "quality": dict(plan.quality),
        "light": plan.light,
        "access": plan.access,
        "embed": list(plan.embed),
    }


def read_plan(path: Path) -> PlanDocument:
    """The plan in a file, fit for a deployment. Raises BadRequest with the place and what is wrong there."""
    with path.open("rb") as file:
        data = file.read(_LARGEST_FILE + 1)
    if len(data) > _LARGEST_FILE:
        raise BadRequest(f"{path}: more than {_LARGEST_FILE:,} bytes. {_limit()}")
    try:
        document = parsed(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadRequest(f"{path}: not UTF-8, at byte {error.start:,}.") from error
    except PlanInvalid as error:
        raise BadRequest(f"{path}: {error}") from error
    if document.bytes > MAX_BYTES:
        raise BadRequest(f"{path}: the plan takes {document.bytes:,} bytes. {_limit()}")
    return document


def parsed(text: str) -> PlanDocument:
    """The plan in a text. Raises PlanInvalid."""
    document = checked_document(text)
    compact = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return PlanDocument(compact, load_plan(compact))


def live_text(stack: Stack) -> str:
    """The plan that the stack's functions are configured with; empty for the packaged one."""
    found = stack.client("lambda").get_function_configuration(
        FunctionName=stack.output("SelectOriginalsFunctionArn")
    )
    return str(found.get("Environment", {}).get("Variables", {}).get("RENDITION_PLAN", ""))


def live_plan(stack: Stack) -> PlanDocument:
    """The plan that the stack makes uploads by. Raises OperationFailed if it is not valid."""
    try:
        return parsed(live_text(stack) or packaged_plan())
    except PlanInvalid as error:
        raise OperationFailed(f"The stack's plan is not valid: {error}") from error


def matching(plan: RenditionPlan, image_id: str) -> list[Rule]:
    """The rules whose prefix the id begins with, the one that applies first; the last is the default."""
    return [rule for rule in plan.rules if image_id.startswith(rule.prefix)]


def _limit() -> str:
    return (
        f"A plan may take {MAX_BYTES:,} bytes on one line, with its quotes escaped: the functions get it in their"
        " environment, for which Lambda has 4,096 bytes in all."
    )
