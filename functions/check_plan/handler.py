"""Checks a deployment's rendition plan before a function uses it: the custom resource CheckedPlan of the template."""

from typing import Any

from imageservice.adapters.custom_resource import ResourceRequest
from imageservice.adapters.plan_loader import load_plan
from imageservice.core.errors import PlanInvalid

_ID = "rendition-plan"


def handler(event: dict[str, Any], context: object) -> None:
    """`event`: CloudFormation's request about the resource, whose property Plan is the rendition plan, as JSON.

    Its attribute Plan is the same text, once it is checked; Access says which ids are private. Fails with the place
    and the reason if it is not valid.
    """
    request = ResourceRequest(event)
    plan = request.properties["Plan"]
    try:
        rules = "" if request.deletes else load_plan(plan).access_rules
    except PlanInvalid as error:
        request.fail(_ID, str(error))
        return
    request.succeed(_ID, {"Plan": plan, "Access": rules})
