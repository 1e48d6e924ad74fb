"""What SelectOriginalsFunction works with, made once per process; tests replace `selector`."""

from functools import lru_cache

from imageservice.adapters.aws_clients import client
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.plan_loader import load_plan
from imageservice.adapters.settings import settings
from imageservice.adapters.source_bucket import OriginalObject, describe_original
from imageservice.core.upload_event import Upload
from imageservice.engine import ENGINE_VERSION
from select_originals.selector import Selector


@lru_cache(maxsize=8)
def selector(plan: str = "") -> Selector:
    """For the deployment's rendition plan, or for the one in `plan` (JSON)."""
    config = settings()
    table = ImageTable(client("dynamodb"), config.image_table)
    loaded = load_plan(plan or config.rendition_plan)
    return Selector(table, _find_original, loaded, ENGINE_VERSION, plan)


def _find_original(key: str) -> Upload | None:
    return describe_original(client("s3"), OriginalObject(settings().source_bucket, key))
