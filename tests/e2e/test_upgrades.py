"""A stack with images in it is updated in place, while readers read: from the previous release, and in each other way.

`releases/0.2.0.tar.xz` has that release's template, functions and state machines. Its functions run with today's
packages.
"""

import os
import re
import subprocess
import tarfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from service import Service
from waiting import HANG_S

from local import background
from local.options import REPOSITORY

RELEASE = Path(__file__).parent / "releases/0.2.0.tar.xz"
TEMPLATE = REPOSITORY / "template.yaml"
IDS = ("shop/landscape", "shop/trees")
PLAN = '{"formats": ["fallback"], "sizes": [{"name": "card", "width": 120, "height": 90, "fit": "cover"}]}'


@dataclass(frozen=True)
class Live:
    """A running stack that is updated; `readers` counts the answers that others get meanwhile."""

    service: Service
    state_dir: Path

    def update(self, template: Path = TEMPLATE, **parameters: str) -> subprocess.CompletedProcess[str]:
        """Updates the stack, while two readers ask for every image, and fails if one of them is not served."""
        given = [part for item in parameters.items() for part in ("--parameter", "=".join(item))]
        command = [str(background.PYTHON), "-m", "local", "update", f"--state-dir={self.state_dir}"]
        with self._readers() as answers:
            done = subprocess.run(
                [*command, f"--template={template}", *given],
                env={**os.environ, "PYTHONPATH": background.PYTHON_PATH},
                capture_output=True,
                text=True,
                check=False,
            )
        assert set(answers) == {302}, (answers, done.stderr)
        return done

    @contextmanager
    def _readers(self) -> Iterator[Counter[int]]:
        answers: Counter[int] = Counter()
        over = threading.Event()

        def read() -> None:
            with httpx.Client() as client:
                while True:
                    answers.update(_answer(client, self.service.stack.url(f"/images/{each}")) for each in IDS)
                    if over.is_set():
                        return

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield answers
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def made(self) -> dict[str, Any]:
        """The images' items, their renditions with the time when each was made, and how many executions there were."""
        stack = self.service.stack
        objects = stack.client("s3").list_objects_v2(Bucket=stack.outputs["ProcessedBucketName"])["Contents"]
        states = stack.client("stepfunctions")
        executions = states.list_executions(stateMachineArn=stack.outputs["ProcessImageArn"])["executions"]
        return {
            "items": [self.service.item(each) for each in IDS],
            "renditions": {
                each["Key"]: each["LastModified"] for each in objects if each["Key"].startswith("shop/")
            },
            "executions": len(executions),
        }

    def parameters(self) -> dict[str, str]:
        found = self.service.stack.client("cloudformation").describe_stacks(StackName=self.service.stack.name)
        return {each["ParameterKey"]: each["ParameterValue"] for each in found["Stacks"][0]["Parameters"]}


def _answer(client: httpx.Client, url: str) -> int:
    """A busy machine may take longer than the reader's deadline; then it says when to ask again, as browsers do."""
    while True:
        answer = client.get(url, timeout=HANG_S)
        if answer.status_code != 503 or "retry-after" not in answer.headers:
            return answer.status_code


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Live]:
    """The previous release with two images, READY."""
    source = tmp_path_factory.mktemp("0.2.0")
    with tarfile.open(RELEASE) as archive:
        archive.extractall(source, filter="data")
    state_dir = tmp_path_factory.mktemp("upgraded")
    with background.started(state_dir, f"--template={source / 'template.yaml'}") as stack:
        service = Service(stack)
        for image_id, name in zip(IDS, ("landscape-small.jpg", "trees-small.png"), strict=True):
            service.upload(samples / name, image_id)
        assert {item["status"] for item in service.all_settled(IDS)} == {"READY"}
        yield Live(service, state_dir)


@pytest.fixture(scope="module")
def live(released: Live) -> Live:
    """The same stack, updated to today's template and code. Nothing that was made is made again."""
    before = released.made()
    done = released.update()
    assert done.returncode == 0, done.stderr
    assert released.made() == before
    return released


def test_a_stack_of_the_previous_release_takes_replacements_and_removals_after_its_upgrade(
    live: Live, samples: Path
) -> None:
    item = live.service.item(IDS[0])
    assert item is not None
    live.service.upload(samples / "gray-16bit.tif", IDS[0])
    replaced = live.service.settled(IDS[0], item["revision"] + 1)
    assert (replaced["status"], replaced["source"]["format"]) == ("READY", "tiff")
    passing = live.service.upload(samples / "trees-small.png")
    live.service.settled(passing)
    live.service.stack.client("s3").delete_object(
        Bucket=live.service.stack.outputs["SourceBucketName"], Key=passing
    )
    assert live.service.reaches(passing, "DELETED")


def test_a_new_parameter_has_the_value_that_fits_one_machine(live: Live) -> None:
    """0.2.0 had no deadline; readers that share the processors with everything else need more than AWS's."""
    assert live.parameters()["ReaderDeadline"] == "2500"


def test_a_change_of_plan_changes_new_images_alone(live: Live, samples: Path) -> None:
    before = live.made()
    assert live.update(RenditionPlan=PLAN).returncode == 0
    assert live.made() == before
    made = live.service.settled(live.service.upload(samples / "trees-small.png"))["renditions"]
    assert [each["size"] for each in made] == ["card"]
    assert live.update(RenditionPlan="").returncode == 0


def test_a_plan_that_is_not_valid_is_refused_before_a_function_gets_it(live: Live) -> None:
    before, parameters = live.made(), live.parameters()
    done = live.update(RenditionPlan='{"formats": ["fallback"], "sizes": []}')
    assert (done.returncode, "CheckedPlan: the rendition plan at $.sizes" in done.stderr) == (1, True), (
        done.stderr
    )
    assert (live.made(), live.parameters()) == (before, parameters)


def test_a_cache_that_was_off_while_an_image_was_replaced_serves_nothing_stale(
    live: Live, samples: Path
) -> None:
    url = live.parameters()["CacheUrl"]
    link = live.service.stack.url(f"/images/{IDS[1]}")
    old = httpx.get(link).headers["location"]
    item = live.service.item(IDS[1])
    assert item is not None
    assert live.update(Cache="none", CacheUrl="").returncode == 0
    live.service.upload(samples / "landscape-small.jpg", IDS[1])
    live.service.settled(IDS[1], item["revision"] + 1)
    assert httpx.get(link).headers["location"] != old
    assert live.update(Cache="external", CacheUrl=url).returncode == 0
    assert httpx.get(link).headers["location"] != old


def test_an_update_that_fails_leaves_the_stack_as_it_was(live: Live, samples: Path, tmp_path: Path) -> None:
    text = TEMPLATE.read_text()
    # A queue can't keep a message for longer than 14 days; the reader's memory changes before CloudFormation meets it.
    broken, count = re.subn("MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 99999999", text)
    assert count
    broken = broken.replace("MemorySize: 1769", "MemorySize: 3008").replace(
        "Outputs:\n", "Outputs:\n  Extra: {Value: x}\n"
    )
    for name in ("functions", "statemachine"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / "template.yaml").write_text(broken)
    before, parameters = live.made(), live.parameters()

    done = live.update(tmp_path / "template.yaml", MaxBytes="1000")

    assert (done.returncode, "DeadLetterQueue" in done.stderr) == (1, True), done.stderr
    assert (live.made(), live.parameters()) == (before, parameters)
    functions = live.service.stack.client("lambda").list_functions()["Functions"]
    assert {each["MemorySize"] for each in functions if "Reader" in each["FunctionName"]} == {1769}
    assert live.service.settled(live.service.upload(samples / "trees-small.png"))["status"] == "READY"
