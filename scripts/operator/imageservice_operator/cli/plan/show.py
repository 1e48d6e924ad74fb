"""plan show: the live plan, or the rule of it that applies to an image."""

from __future__ import annotations

import click

from imageservice_operator.cli.output import facts, untrusted
from imageservice_operator.cli.plan.check import rules
from imageservice_operator.cli.plan.group import plan
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import images, plan_journal, reprocess
from imageservice_operator.operations.plan import described, live_plan, matching
from imageservice_operator.operations.plan_changes import box, embedded, qualities

_STANDING = {
    "UP_TO_DATE": "its renditions are of this plan",
    "PROCESS": "its renditions are of another plan, upload or engine: images reprocess makes them again",
    "UNDER_WAY": "it is being processed",
    "REJECTED": "it was rejected",
    "DELETED": "there is no original under this id; an upload would get this plan",
}


@command("show", "The live plan, or which of its rules applies to an image, and why.", plan)
@click.argument("image_id", metavar="[ID]", required=False)
def show(session: Session, image_id: str | None) -> None:
    """Show the live plan. With an ID, show the rule that applies to that image, and why.

    The id need not exist: it may be one that is still to be uploaded.
    """
    if image_id is not None:
        images.check_keys([image_id])
    document = live_plan(session.stack)
    if image_id is None:
        latest = plan_journal.read(session.stack)
        change = latest and {"stage": latest.stage, "started_at": latest.started_at}
        session.emit({**document.as_json(), "change": change})
        session.show(rules(document))
        if latest and not latest.ended:
            session.show(f"A change of plan is {latest.stage}: images plan apply --resume, or --rollback.")
        return
    applied, *others = matching(document.plan, image_id)
    (standing,) = reprocess.select(session.stack, [{"key": image_id}])
    session.emit(
        {
            "id": image_id,
            "prefix": applied.prefix,
            "shorter_prefixes": [rule.prefix for rule in others],
            "decision": standing["decision"],
            **described(applied.plan),
        }
    )
    why = f"the longest prefix that the id begins with is {applied.prefix}"
    if not applied.prefix:
        why = (
            "the plan has no rules"
            if len(document.plan.rules) == 1
            else "the id begins with no rule's prefix"
        )
    also = [rule.prefix or "the default" for rule in others]
    session.show(
        facts(
            {
                "image": image_id,
                "rule": untrusted(applied.prefix or "(default)"),
                "because": why + (f"; it wins over {', '.join(also)}" if also else ""),
                "sizes": ", ".join(map(box, applied.plan.sizes)),
                "formats": ", ".join(applied.plan.formats),
                "quality": qualities(applied.plan),
                "light": applied.plan.light,
                "access": applied.plan.access,
                "embed": embedded(applied.plan),
                "now": _STANDING.get(standing["decision"], standing["decision"]),
            }
        )
    )
