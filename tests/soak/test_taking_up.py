"""A new stack takes up what a deleted one left: originals, renditions and items, as docs/disaster-recovery.md says."""

import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
from service import Service

from imageservice_operator.operations.stack import Stack
from local import background
from local.deployment.source import parse
from local.options import REPOSITORY

RETAINED = REPOSITORY / "docs/examples/retained.template.yaml"
IDENTIFIED_BY = {"AWS::S3::Bucket": "BucketName", "AWS::DynamoDB::Table": "TableName"}
NEW = "second"


def test_a_new_stack_serves_what_a_deleted_one_left(tmp_path: Path, samples: Path) -> None:
    with background.started(tmp_path, "--cache", "none") as stack:
        service = Service(stack)
        item = service.settled(service.upload(samples / "landscape-orientation6.jpg"))
        assert item["status"] == "READY"
        outputs = dict(stack.outputs)
        cloudformation = stack.client("cloudformation")
        cloudformation.delete_stack(StackName=stack.name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack.name)

        take_up(cloudformation, outputs)
        deploy(tmp_path)

        second = Service(Stack.local(tmp_path))
        for kept in (
            "SourceBucketName",
            "ProcessedBucketName",
            "ReportBucketName",
            "ImageTableName",
            "AuditTableName",
        ):
            assert second.stack.outputs[kept] == outputs[kept]
        assert second.item(item["id"]) == item
        answer = httpx.get(second.stack.url(f"/metadata/{item['id']}"))
        assert (answer.status_code, answer.json()["revision"]) == (200, item["revision"])
        second.upload(samples / "trees-alpha.png", item["id"])
        replaced = second.settled(item["id"], item["revision"] + 1)
        assert (replaced["status"], replaced["source"]["format"]) == ("READY", "png")
        expiry = second.stack.client("dynamodb").describe_time_to_live(TableName=outputs["ImageTableName"])
        assert expiry["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"


def take_up(cloudformation: Any, outputs: dict[str, str]) -> None:
    """Imports what is left into a stack of its own, which has nothing else yet."""
    template = RETAINED.read_text()
    found = [
        {
            "ResourceType": resource["Type"],
            "LogicalResourceId": name,
            "ResourceIdentifier": {IDENTIFIED_BY[resource["Type"]]: outputs[f"{name}Name"]},
        }
        for name, resource in parse(template)["Resources"].items()
    ]
    named = {"StackName": NEW, "ChangeSetName": "take-up"}
    cloudformation.create_change_set(
        **named, ChangeSetType="IMPORT", ResourcesToImport=found, TemplateBody=template
    )
    cloudformation.get_waiter("change_set_create_complete").wait(**named)
    cloudformation.execute_change_set(**named)
    cloudformation.get_waiter("stack_import_complete").wait(StackName=NEW, WaiterConfig={"Delay": 1})


def deploy(state_dir: Path) -> None:
    done = subprocess.run(
        [str(background.PYTHON), "-m", "local", "update", f"--state-dir={state_dir}", f"--stack-name={NEW}"],
        env={**os.environ, "PYTHONPATH": background.PYTHON_PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
