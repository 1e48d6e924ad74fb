"""What CloudFormation is asked to make, after the SAM transform, for each set of parameters: files to review in a diff.

`PYTHONPATH=functions:scripts:scripts/operator .venv/test/bin/python -m dev.checks.snapshots` writes them again.
The first set's file is whole; the others' have what differs from it.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Mapping

from dev.checks import ROOT
from dev.checks.rendered import rendered
from local.deployment.conditions import Conditions

FOLDER = ROOT / "tests/snapshots"
DEFAULTS = "defaults"
SETS: dict[str, dict[str, str]] = {
    DEFAULTS: {},
    "without-cdn": {"Cdn": "disabled"},
    "own-name": {
        "CdnUrl": "https://images.example.com",
        "CdnCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
        "WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/images/1",
    },
    "direct-reads-refused": {"DirectReads": "refused"},
    "cache-serverless": {"Cache": "serverless"},
    "cache-cluster": {"Cache": "cluster"},
    "cache-cluster-in-own-subnets": {"Cache": "cluster", "VpcId": "vpc-1", "SubnetIds": "subnet-1,subnet-2"},
    "cache-external": {
        "Cache": "external",
        "CacheUrl": "rediss://cache.example.com:6379",
        "CacheSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:cache",
        "SubnetIds": "subnet-1,subnet-2",
        "SecurityGroupIds": "sg-1",
    },
    "jwt": {"JwtIssuer": "https://login.example.com", "JwtAudience": "images"},
    "own-key": {"KmsKey": "create"},
    "logs-and-traces": {"AccessLogs": "enabled", "Tracing": "enabled", "AlarmEmail": "ops@example.com"},
    "limits": {"ResizeConcurrency": "50", "DeletionProtection": "enabled"},
}


def snapshots() -> dict[str, str]:
    """The text of each file, by its name."""
    whole = made_for(SETS[DEFAULTS])
    made = {f"{DEFAULTS}.json": whole}
    for name, parameters in SETS.items():
        if name != DEFAULTS:
            lines = difflib.unified_diff(
                whole.splitlines(), made_for(parameters).splitlines(), DEFAULTS, name, lineterm="", n=2
            )
            # Without the numbers of the lines, which change with every line above.
            made[f"{name}.diff"] = "\n".join("@@" if line.startswith("@@") else line for line in lines) + "\n"
    return made


def made_for(parameters: Mapping[str, str]) -> str:
    """The resources and outputs with these parameters' values, without conditions, as JSON with sorted keys."""
    conditions = Conditions(rendered(), parameters)
    made = {
        section: {
            name: conditions.decided({key: value for key, value in entry.items() if key != "Condition"})
            for name, entry in rendered()[section].items()
            if conditions.makes(entry)
        }
        for section in ("Resources", "Outputs")
    }
    return json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    made = snapshots()
    for path in FOLDER.iterdir():
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text)
    print(f"{len(made)} snapshots in {FOLDER.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
