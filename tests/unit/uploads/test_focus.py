"""The focal point in the calls that write."""

import base64
import json
from typing import Any

import pytest

from imageservice.core.errors import FocusInvalid
from uploads.requests import Writes, presign_upload, put_image


def test_a_form_with_a_focal_point_lets_the_browser_post_this_one_only(writes: Writes) -> None:
    request = {"id": "a", "content_type": "image/png", "focus": ".42, 0.180"}
    fields = json.loads(presign_upload(writes, {"body": json.dumps(request)})["body"])["fields"]
    assert fields["x-amz-meta-focus"] == "0.42,0.18"
    assert {"x-amz-meta-focus": "0.42,0.18"} in json.loads(base64.b64decode(fields["policy"]))["conditions"]


@pytest.mark.parametrize("focus", ["", "2,0", "0.5", "center", "0.5,0.5,", "1" * 100_000])
def test_a_form_with_an_invalid_focal_point_is_refused_at_once(writes: Writes, focus: str) -> None:
    request = {"id": "a", "content_type": "image/png", "focus": focus}
    with pytest.raises(FocusInvalid, match=r"such as 0\.42,0\.18"):
        presign_upload(writes, {"body": json.dumps(request)})


def test_a_put_image_has_the_focal_point_of_its_header(writes: Writes, s3: Any) -> None:
    headers = {"content-type": "image/jpeg", "x-amz-meta-focus": "0.42,0.180"}
    event = {"rawPath": "/images/a", "headers": headers, "body": "an image"}
    put_image(writes, event)
    assert s3.head_object(Bucket="source", Key="a")["Metadata"]["focus"] == "0.42,0.18"
    headers["x-amz-meta-focus"] = "left"
    with pytest.raises(FocusInvalid):
        put_image(writes, event)
