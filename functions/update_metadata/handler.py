"""PATCH of /metadata/{id+}, and the same change from an operator, who calls the function itself."""

from functools import partial
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.logging import logged, logger
from imageservice.core.errors import CacheUnavailable, Problem, StoreUnavailable
from imageservice.http.problems import problem
from imageservice.http.responses import Response
from imageservice.http.routing import dispatch
from update_metadata import bootstrap
from update_metadata.requests import Update, api_update, changed, operators_update

_RETRY_S = 2


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    """`event`: API Gateway's, or an operator's `{"id", "patch", "who", "via", "distribution", "process_image"}`.

    Either gets an HTTP answer. API Gateway has already authorized its own; an operator needs lambda:InvokeFunction.
    """
    dependencies = bootstrap.dependencies()
    try:
        if "routeKey" in event:
            read = partial(api_update, dependencies.prefix_claim)
            response = dispatch(event, {"PATCH /metadata/{id+}": lambda each: _answer(read(each))})
        else:
            response = _answer(operators_update(event))
    except (StoreUnavailable, CacheUnavailable) as error:
        logger.warning("not changed everywhere", extra={"error": str(error)})
        # AWS's own words name roles and tables, which are not the client's concern.
        refusal = StoreUnavailable("The change did not reach every cache. Sending it again is safe.")
        response = problem(refusal, retry_after=_RETRY_S)
    except Problem as error:
        response = problem(error)
    refused = response["statusCode"] >= HTTPStatus.BAD_REQUEST
    reason = {"problem": response["body"]} if refused else {}
    logger.info("answered", extra={"status": response["statusCode"], **reason})
    return response


def _answer(update: Update) -> Response:
    logger.append_keys(image_id=update.image_id)
    dependencies = bootstrap.dependencies()
    with dependencies.audit.recorded(update.record()) as act:
        made = dependencies.changes(update.distribution, update.process_image_arn).apply(
            update.image_id, update.patch, update.if_match
        )
        act.outcome = f"changed {', '.join(made.names)}" if made.names else "changed nothing"
    return changed(made)
