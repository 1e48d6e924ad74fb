"""The template's parameters do what they say."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from read_world import PATIENT
from service import Service

from imageservice.adapters.manifest_cache import CacheEntry, ManifestCache, connect
from imageservice_operator.operations import plan, reprocess
from local import background

CARD = {"name": "card", "width": 120, "height": 90, "fit": "cover"}
PLAN = {
    "default": {"formats": ["fallback"], "sizes": [CARD]},
    "rules": [{"prefix": "avatars/", "sizes": [{"name": "face", "width": 64, "height": 64, "fit": "cover"}]}],
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    given = (
        f"RenditionPlan={json.dumps(PLAN)}",
        "MaxBytes=900000",
        "ReplacedOriginalDays=7",
        "KmsKey=create",
    )
    parameters = [part for each in given for part in ("--parameter", each)]
    with background.started(tmp_path_factory.mktemp("parameters"), *parameters) as started:
        yield Service(started)


def test_a_plan_of_one_size_and_one_format_makes_one_rendition(service: Service, samples: Path) -> None:
    item = service.settled(service.upload(samples / "landscape-small.jpg"))
    assert item["status"] == "READY"
    made = [(one["size"], one["format"], one["width"], one["height"]) for one in item["renditions"]]
    assert made == [("card", "jpeg", 120, 90)]


def test_an_image_below_a_rules_prefix_gets_the_rules_sizes(service: Service, samples: Path) -> None:
    item = service.settled(service.upload(samples / "landscape-small.jpg", "avatars/anna.jpg"))
    assert [(one["size"], one["format"]) for one in item["renditions"]] == [("face", "jpeg")]
    assert [each.prefix for each in plan.matching(plan.live_plan(service.stack).plan, item["id"])] == [
        "avatars/",
        "",
    ]
    assert reprocess.select(service.stack, [{"key": item["id"]}])[0]["decision"] == "UP_TO_DATE"


def test_an_original_over_max_bytes_is_rejected_with_the_limit(service: Service, samples: Path) -> None:
    item = service.settled(service.upload(samples / "tomatoes-12mp.jpg"))
    assert item["status"] == "REJECTED"
    assert "0.9 MB" in item["error"]["cause"] or "900,000" in item["error"]["cause"], item["error"]


def test_the_stacks_own_key_encrypts_dead_letters(service: Service) -> None:
    stack = service.stack
    queue = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.outputs["UploadDeadLetterQueueUrl"], AttributeNames=["All"]
    )
    key = stack.client("kms").describe_key(KeyId=queue["Attributes"]["KmsMasterKeyId"])["KeyMetadata"]
    assert (key["Enabled"], key["Description"]) == (True, f"Images of {stack.name}")


def test_replaced_originals_are_kept_for_as_long_as_the_parameter_says(service: Service) -> None:
    rules = service.stack.client("s3").get_bucket_lifecycle_configuration(
        Bucket=service.stack.outputs["SourceBucketName"]
    )["Rules"]
    kept = [rule["NoncurrentVersionExpiration"] for rule in rules if "NoncurrentVersionExpiration" in rule]
    assert kept == [{"NoncurrentDays": 7}]


def test_a_deleted_stack_leaves_originals_renditions_and_items(tmp_path: Path, samples: Path) -> None:
    with background.started(tmp_path) as started:
        service = Service(started)
        item = service.settled(service.upload(samples / "landscape-small.jpg"))
        client, outputs = service.stack.client, dict(service.stack.outputs)
        cloudformation = client("cloudformation")
        cloudformation.delete_stack(StackName=service.stack.name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=service.stack.name)
        s3, table = client("s3"), outputs["ImageTableName"]
        s3.head_object(Bucket=outputs["SourceBucketName"], Key=item["id"])
        s3.head_object(Bucket=outputs["ProcessedBucketName"], Key=item["renditions"][0]["key"])
        s3.head_bucket(Bucket=outputs["ReportBucketName"])
        found = client("dynamodb").get_item(TableName=table, Key={"id": {"S": item["id"]}})
        assert found["Item"]["status"] == {"S": "READY"}


def test_a_cluster_with_tls_and_users_serves_what_its_user_may_read(tmp_path: Path, samples: Path) -> None:
    with background.started(tmp_path, "--cache", "cluster") as started:
        service = Service(started)
        item = service.settled(service.upload(samples / "landscape-small.jpg"))
        assert item["status"] == "READY"
        assert httpx.get(started.url(f"/images/{item['id']}?size=thumb")).status_code == 302
        assert str(started.redis_url).startswith("rediss://functions:")
        cache = connect(str(started.redis_url), PATIENT, prefix=f"local:{started.outputs['ImageTableName']}")
        assert isinstance(cache, ManifestCache)
        marked = cache.marked()
        assert marked
        cache.use(marked[0])
        held = cache.read(item["id"])
        assert isinstance(held, CacheEntry)
        assert held.manifest
        assert held.manifest["revision"] == 1


def test_without_a_cache_readers_are_served_from_the_table(tmp_path: Path, samples: Path) -> None:
    with background.started(tmp_path, "--cache", "none") as started:
        service = Service(started)
        item = service.settled(service.upload(samples / "landscape-small.jpg"))
        assert (item["status"], started.redis_url) == ("READY", None)
        link = started.url(f"/images/{item['id']}?size=thumb")
        answers = [httpx.get(link).status_code for _ in range(2)]
        assert answers == [302, 302]
