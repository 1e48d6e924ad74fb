"""Starts ProcessImage for an image whose renditions are to be made again."""

import json
from collections.abc import Mapping
from typing import Any

from imageservice.core.errors import StoreUnavailable
from imageservice.core.upload_event import upload_from_item


def start_reprocessing(client: Any, process_image_arn: str, item: Mapping[str, Any]) -> None:
    """Starts the workflow for the item's latest upload, through a Step Functions client.

    The workflow makes nothing if everything is up to date. Raises StoreUnavailable.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    event = upload_from_item(item).created_event("Reprocess")
    try:
        client.start_execution(stateMachineArn=process_image_arn, input=json.dumps(event))
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"the image's renditions can't be made again: {error}") from error
