"""A deployment of the service: the local stack by its state directory, or a CloudFormation stack by its name."""

from __future__ import annotations

import functools
import getpass
import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, overload
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from imageservice.core.links import image_link
from imageservice_operator.operations.errors import StackNotFound
from imageservice_operator.operations.stack_file import StackFile

if TYPE_CHECKING:  # the stubs are in the test environment alone
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

LOCAL = "local"
STATE_DIR = Path(".local")
# The state machines by the outputs that hold their ARNs. A stack without a CDN has no PurgeCdn.
MACHINES = {
    "ProcessImage": "ProcessImageArn",
    "RemoveImage": "RemoveImageArn",
    "ReprocessImages": "ReprocessImagesArn",
    "PurgeCdn": "PurgeCdnArn",
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
    max_pool_connections=50,
)
# An invocation lasts as long as the function may, and a slow one must not be sent a second time.
_CONFIG_OF = {"lambda": Config(read_timeout=310, retries={"total_max_attempts": 1})}
# A local stack does not throttle, and one that has ended is not worth waiting for.
_LOCAL_CONFIG = Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "total_max_attempts": 3})


class MakeClient(Protocol):
    """Makes a boto3 client of a service; `config` is added to this module's own."""

    def __call__(self, service: str, /, config: Config | None = None) -> Any: ...


@dataclass(frozen=True)
class Stack:
    """Outputs and clients of one deployment. `file` is the local stack's stack.json, None for a deployed stack.

    `via` is how the operator reaches it, for the record of who did what (imageservice.core.audit).
    """

    name: str
    region: str
    outputs: Mapping[str, str]
    make_client: MakeClient = field(repr=False, compare=False)
    file: StackFile | None = field(default=None, repr=False)
    via: str = "command line"
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
        """The stack that runs on this machine with `state_dir`. Raises StackNotFound if none does."""
        return cls.of_file(StackFile.read(state_dir))

    @classmethod
    def of_file(cls, file: StackFile) -> Stack:
        """The local stack that `file` describes."""
        session = boto3.session.Session()

        def make_client(service: str, /, config: Config | None = None) -> Any:
            return session.client(
                service,  # type: ignore[call-overload]
                endpoint_url=file.endpoint_url,
                region_name=file.region,
                aws_access_key_id=file.access_key_id,
                aws_secret_access_key=file.secret_access_key,
                config=_merged(_CONFIG, _LOCAL_CONFIG, _CONFIG_OF.get(service), config),
            )

        return cls(LOCAL, file.region, file.outputs, make_client, file)

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

        def make_client(service: str, /, config: Config | None = None) -> Any:
            merged = _merged(_CONFIG, _CONFIG_OF.get(service), config)
            return session.client(service, config=merged)  # type: ignore[call-overload]

        return cls(name, session.region_name, outputs, make_client)

    @property
    def is_local(self) -> bool:
        return self.file is not None

    @property
    def endpoint_url(self) -> str | None:
        """Where the local stack answers for AWS; None for a deployed stack."""
        return self.file.endpoint_url if self.file else None

    @property
    def redis_url(self) -> str | None:
        """The local stack's Redis; None for a deployed stack, whose Redis only its functions reach."""
        return self.file.redis_url if self.file else None

    @property
    def console_url(self) -> str | None:
        """Where the local stack serves its console; None for a deployed stack."""
        return self.file.console_url if self.file else None

    @functools.cached_property
    def caller(self) -> str:
        """Who operates the stack: the IAM principal's ARN, or for a local stack the user of this machine."""
        if self.is_local:
            return f"{_user()} on this machine"
        arn: str = self.client("sts").get_caller_identity()["Arn"]
        return arn

    def answers(self) -> bool:
        """Whether the local stack still accepts connections; one that was killed leaves its stack.json behind.

        Always True for a deployed stack.
        """
        if self.file is None:
            return True
        address = urlsplit(self.file.endpoint_url)
        try:
            socket.create_connection((address.hostname or "", address.port or 80), timeout=5).close()
        except OSError:
            return False
        return True

    @overload
    def client(self, service: Literal["s3"], config: Config | None = None) -> S3Client: ...

    @overload
    def client(self, service: Literal["dynamodb"], config: Config | None = None) -> DynamoDBClient: ...

    @overload
    def client(self, service: Literal["stepfunctions"], config: Config | None = None) -> SFNClient: ...

    @overload
    def client(self, service: Literal["sqs"], config: Config | None = None) -> SQSClient: ...

    @overload
    def client(self, service: str, config: Config | None = None) -> Any: ...

    def client(self, service: str, config: Config | None = None) -> Any:
        """The boto3 client of `service`; safe to use from many threads. With a `config` of your own, a new one."""
        with self._lock:  # a session is not safe to make clients from many threads at once
            if config is not None:
                return self.make_client(service, config=config)
            if service not in self._clients:
                self._clients[service] = self.make_client(service)
            return self._clients[service]

    def output(self, name: str) -> str:
        """The stack's output `name`. Raises StackNotFound if the deployment has none (it may be an older one)."""
        try:
            return self.outputs[name]
        except KeyError as error:
            raise StackNotFound(
                f"The stack {self.name} has no output {name}: deploy this version of the service."
            ) from error

    def machine_arn(self, machine: str) -> str:
        """The ARN of ProcessImage, RemoveImage, ReprocessImages or PurgeCdn."""
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

    def url(self, path: str) -> str:
        """The address of `path`, which begins with a slash, at the HTTP API."""
        return f"{self.api_url}{path}"

    def image_url(self, image_id: str, query: str = "") -> str:
        """The address that redirects to a rendition."""
        link = image_link(self.public_url, image_id, encode_twice=self.public_url == self.api_url)
        return f"{link}{query}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container, a user may have a number and no name
        return f"user {os.getuid()}"


def _merged(first: Config, *others: Config | None) -> Config:
    """The configurations as one; if two set the same option, the later one wins."""
    for other in others:
        first = first.merge(other) if other else first
    return first
