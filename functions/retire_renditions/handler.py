"""Lets renditions that nothing refers to anymore expire a day later, so that redirects already sent still work."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.logging import logged, logger
from imageservice.adapters.sent_requests import taken_requests
from imageservice.core.keys import cache_tag, digest_of, is_private
from imageservice.core.retirement import is_at_work, may_be_recorded
from retire_renditions import bootstrap


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """`event`: execution, upload (as registered, in DynamoDB's format), `digests` to retire, and left_over: whether to
    look for other digests as well, which uploads that did not end left over. With a `sequencer`, the upload's own, the
    digests are what this execution made and did not record.

    Public renditions of an image that is now private are deleted at once.

    Returns how many it retired. Renditions that are served now stay. All stay while another execution works on the
    same upload: if the plan was changed back, that one makes the same keys again, and this one must not retire them.
    What was made and not recorded also stays while another execution of the same upload may still record it.
    """
    execution = event["execution"]
    upload = from_dynamodb({"upload": event["upload"]})["upload"]
    image_id = upload["key"]
    logger.append_keys(image_id=image_id, execution=execution)
    table, renditions = bootstrap.dependencies()
    # Listed before the item is read: what a later execution stores is not in the lists.
    asked = {digest: renditions.of_digest(image_id, digest) for digest in event["digests"]}
    others = (
        [digest for digest in renditions.digests(image_id) if digest not in asked]
        if event["left_over"]
        else []
    )
    left_over = {digest: renditions.of_digest(image_id, digest) for digest in others}
    item = table.get(image_id) or {}
    if is_at_work(item, execution, upload) or may_be_recorded(item, event.get("sequencer")):
        return {"retired": 0}
    found = list(asked.values())
    if item.get("execution") == execution:
        # The last one listed is retired first, so the first one shows whether all are: those must not become younger.
        found += [each for each in left_over.values() if each and not renditions.is_retired(each[0])]
    served = {rendition["key"] for rendition in item.get("renditions", [])}
    unserved = [stored for of_digest in found for stored in reversed(of_digest) if stored.key not in served]
    exposed = [stored.key for stored in unserved if _is_exposed(stored.key, item)]
    renditions.remove(exposed)
    kept = [stored for stored in unserved if stored.key not in exposed]
    retired = len(exposed) + sum(renditions.retire(stored, cache_tag(image_id)) for stored in kept)
    logger.info("retired", extra={"renditions": retired, "requests": taken_requests()})
    return {"retired": retired}


def _is_exposed(key: str, item: Mapping[str, Any]) -> bool:
    """Whether everybody can read the rendition, though the image has become private."""
    return is_private(item.get("digest", "")) and not is_private(digest_of(key))
