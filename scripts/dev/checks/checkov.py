"""Checkov on the template: `python -m dev.checks.checkov`. It fails at a finding that is not accepted below, and at an
accepted one that is gone."""

import json
import subprocess
import sys
from collections import defaultdict

from dev.checks import ROOT

ACCEPTED = {
    "CKV_AWS_18": "S3's own access logs: each upload is an execution and an item already; readers come by API and edge",
    "CKV_AWS_21": "versions of renditions and reports: both can be made again",
    "CKV_AWS_33": "the key's policy names any principal, but only of this account and through four services",
    "CKV_AWS_86": "the distribution's access logs: a parameter, off by default, since they hold clients' addresses",
    "CKV_AWS_95": "the API's access logs: the same parameter",
    "CKV_AWS_115": "a limit for each function: only resizing comes in bulk, and ResizeConcurrency limits it",
    "CKV_AWS_116": "a dead-letter queue for each function: callers wait, except for RecordFailure's, which has one",
    "CKV_AWS_117": "all functions in a VPC: only those that use the cache need one",
    "CKV_AWS_119": "a key of one's own for the table: a parameter, since it costs money",
    "CKV_AWS_173": "a key of one's own for functions' environments: Lambda encrypts them with its own",
    "CKV_AWS_174": "TLS 1.2 at the edge: set with a certificate; CloudFront takes no minimum for its own name",
}


def findings() -> dict[str, list[str]]:
    """The resources that fail each check, by its id."""
    command = [
        str(ROOT / ".venv/checkov/bin/checkov"),
        *("--file", "template.yaml", "--framework", "cloudformation", "--output", "json"),
        *("--quiet", "--skip-download", "--soft-fail"),
    ]
    printed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    found: dict[str, list[str]] = defaultdict(list)
    for failed in json.loads(printed)["results"]["failed_checks"]:
        found[f"{failed['check_id']} {failed['check_name']}"].append(failed["resource"].rpartition(".")[2])
    return dict(found)


def main() -> int:
    found = findings()
    ids = {name.split()[0] for name in found}
    unexpected = [
        f"{name}: {', '.join(where)}" for name, where in found.items() if name.split()[0] not in ACCEPTED
    ]
    gone = [f"{name} is accepted, but found nowhere" for name in ACCEPTED if name not in ids]
    print("\n".join([*unexpected, *gone]) or f"{len(found)} findings, each accepted for a reason")
    return 1 if unexpected or gone else 0


if __name__ == "__main__":
    sys.exit(main())
