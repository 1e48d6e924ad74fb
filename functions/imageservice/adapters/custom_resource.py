"""CloudFormation's requests about a custom resource, and the answers to them.

Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SECONDS = 10


@dataclass(frozen=True)
class ResourceRequest:
    """A request to create, update or delete a resource that has these properties; `deletes` for the last of them."""

    event: Mapping[str, Any]

    @property
    def deletes(self) -> bool:
        return bool(self.event["RequestType"] == "Delete")

    @property
    def properties(self) -> Mapping[str, Any]:
        properties: Mapping[str, Any] = self.event["ResourceProperties"]
        return properties

    def succeed(self, physical_id: str, attributes: Mapping[str, str]) -> None:
        """Answers with what `Fn::GetAtt` finds. The answer may have 4,096 bytes."""
        self._answer({"Status": "SUCCESS", "PhysicalResourceId": physical_id, "Data": dict(attributes)})

    def fail(self, physical_id: str, reason: str) -> None:
        """Ends the deployment, which is then rolled back, with the reason among the stack's events."""
        self._answer({"Status": "FAILED", "PhysicalResourceId": physical_id, "Reason": reason})

    def _answer(self, answer: Mapping[str, Any]) -> None:
        of_request = {name: self.event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
        body = json.dumps({**answer, **of_request}, ensure_ascii=False).encode()
        # S3 has signed the address for a PUT without a content type.
        request = urllib.request.Request(  # noqa: S310 - CloudFormation's own address
            self.event["ResponseURL"], body, {"Content-Type": ""}, method="PUT"
        )
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310 - as above
            pass
