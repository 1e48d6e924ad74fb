"""A deployment of the service: the local stack by its state directory, or a CloudFormation stack by its name."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from imageservice_operator.operations.errors import StackNotFound

LOCAL = "local"
STATE_DIR = Path(__file__).resolve().parents[4] / ".local"
# The state machines by the outputs that hold their ARNs.
MACHINES = {
    "ProcessImage": "ProcessImageArn",
    "RemoveImage": "RemoveImageArn",
    "ReprocessImages": "ReprocessImagesArn",
}
DEAD_LETTER_QUEUES = {
    "uploads": "UploadDeadLetterQueueUrl",
    "deletions": "DeletionDeadLetterQueueUrl",
    "failures": "FailureDeadLetterQueueUrl",
}
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=70,
    retries={"mode": "adaptive", "total_max_attempts": 6},
    max_pool_connections=32,
)
# A call of a function lasts as long as the function may, and must not be made twice because it was slow.
_CONFIG_OF = {"lambda": _CONFIG.merge(Config(read_timeout=310, retries={"total_max_attempts": 1}))}


@dataclass(frozen=True)
class Stack:
    """Outputs and clients of one deployment. `make_client` gives the boto3 client of a service; each is made once."""

    name: str
    region: str
    outputs: Mapping[str, str]
    make_client: Callable[[str], Any] = field(repr=False)
    local_description: Mapping[str, Any] | None = field(default=None, repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def find(
        cls,
        name: str = LOCAL,
        *,
        state_dir: str | os.PathLike[str] | None = None,
        region: str | None = None,
        profile: str | None = None,
    ) -> Stack:
        """The local stack for the name "local", otherwise the deployed stack of that name. Raises StackNotFound."""
        if name == LOCAL:
            return cls.local(state_dir or STATE_DIR)
        return cls.deployed(name, region=region, profile=profile)

    @classmethod
    def local(cls, state_dir: str | os.PathLike[str] = STATE_DIR) -> Stack:
        """The stack that runs on this machine with `state_dir`. Raises StackNotFound where none does."""
        path = Path(state_dir) / "stack.json"
        try:
            described = json.loads(path.read_text())
        except FileNotFoundError as error:
            raise StackNotFound(
                f"No local stack runs ({path} is not there). Start one with ./scripts/run, or name a deployed one with"
                " --stack NAME."
            ) from error
        except ValueError as error:
            raise StackNotFound(
                f"{path} is damaged ({error}). Start the local stack again with ./scripts/run."
            ) from error
        session = boto3.session.Session()

        def make_client(service: str) -> Any:
            return session.client(
                service,  # type: ignore[call-overload]
                endpoint_url=described["endpoint_url"],
                region_name=described["region"],
                aws_access_key_id=described["access_key_id"],
                aws_secret_access_key=described["secret_access_key"],
                config=_CONFIG_OF.get(service, _CONFIG).merge(Config(s3={"addressing_style": "path"})),
            )

        return cls(LOCAL, described["region"], described["outputs"], make_client, local_description=described)

    @classmethod
    def deployed(cls, name: str, region: str | None = None, profile: str | None = None) -> Stack:
        """The CloudFormation stack `name`, with the operator's own credentials. Raises StackNotFound."""
        try:
            session = boto3.session.Session(profile_name=profile, region_name=region)
            if session.region_name is None:
                raise StackNotFound("No region is set: give --region, or set AWS_REGION.")
            cloudformation = session.client("cloudformation", config=_CONFIG)
            described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            reason = error.response["Error"].get("Message", str(error))
            raise StackNotFound(f"The stack {name} can't be read: {reason}") from error
        except BotoCoreError as error:
            raise StackNotFound(f"The stack {name} can't be read: {error}") from error
        outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
        if "ProcessImageArn" not in outputs:
            raise StackNotFound(
                f"The stack {name} is not one of this service: it has no output ProcessImageArn."
            )
        return cls(
            name,
            session.region_name,
            outputs,
            lambda service: session.client(service, config=_CONFIG_OF.get(service, _CONFIG)),  # type: ignore[call-overload]
        )

    @property
    def is_local(self) -> bool:
        return self.local_description is not None

    @property
    def console_url(self) -> str | None:
        """Where the local stack serves its console."""
        return (self.local_description or {}).get("console_url")

    def client(self, service: str) -> Any:
        """The boto3 client of `service`; safe to use from many threads."""
        with self._lock:  # sessions are not safe to make clients from many threads at once
            if service not in self._clients:
                self._clients[service] = self.make_client(service)
            return self._clients[service]

    def output(self, name: str) -> str:
        """The stack's output `name`. Raises StackNotFound where the deployment has none (it may be an older one)."""
        try:
            return self.outputs[name]
        except KeyError as error:
            raise StackNotFound(
                f"The stack {self.name} has no output {name}: deploy this version of the service."
            ) from error

    def machine_arn(self, machine: str) -> str:
        """The ARN of ProcessImage, RemoveImage or ReprocessImages."""
        return self.output(MACHINES[machine])

    @property
    def source_bucket(self) -> str:
        return self.output("SourceBucketName")

    @property
    def processed_bucket(self) -> str:
        return self.output("ProcessedBucketName")

    @property
    def image_table(self) -> str:
        return self.output("ImageTableName")

    @property
    def api_url(self) -> str:
        """The HTTP API's address without a slash at its end."""
        return self.output("ApiUrl").rstrip("/")

    @property
    def public_url(self) -> str:
        """Where web pages reach images: the CDN, or the HTTP API where there is none."""
        return self.outputs.get("CdnUrl", "").rstrip("/") or self.api_url

    def image_url(self, image_id: str, query: str = "") -> str:
        """The address that redirects to a rendition."""
        return f"{self.public_url}/images/{quoted(image_id)}{query}"

    def metadata_url(self, image_id: str) -> str:
        """The address of the image's manifest."""
        return f"{self.public_url}/metadata/{quoted(image_id)}"


def quoted(image_id: str) -> str:
    """An image id as it stands in a URL's path: slashes are kept, all else that has a meaning there is escaped."""
    from urllib.parse import quote

    return quote(image_id, safe="/")
