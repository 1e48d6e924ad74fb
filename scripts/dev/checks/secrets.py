"""Looks for secrets in every file of the repository: `python -m dev.checks.secrets`.

It also looks for one that it plants, so that a scanner that finds nothing any more is noticed.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from dev.checks import ROOT

# detect-secrets is a part of checkov's environment.
PYTHON = ROOT / ".venv/checkov/bin/python"
SCAN = """
import json, sys
from detect_secrets import SecretsCollection
from detect_secrets.settings import transient_settings

names = (
    "ArtifactoryDetector AWSKeyDetector AzureStorageKeyDetector Base64HighEntropyString "
    "BasicAuthDetector CloudantDetector DiscordBotTokenDetector GitHubTokenDetector JwtTokenDetector "
    "KeywordDetector MailchimpDetector NpmDetector PrivateKeyDetector SendGridDetector SlackDetector "
    "SquareOAuthDetector StripeDetector TwilioKeyDetector "
)
secrets = SecretsCollection()
with transient_settings({"plugins_used": [{"name": name} for name in names.split()]}):
    for path in sys.stdin.read().splitlines():
        secrets.scan_file(path)
found = [[path, secret.line_number, secret.type] for path, secret in secrets]
print(json.dumps(found))
"""
# Hashes of packages, pictures, recorded placeholders of pictures, and what others wrote and published.
SKIPPED = re.compile(
    r"(requirements\.txt|environments/.*\.(txt|json)|/vendor/.*|/recorded_states\.jsonl"
    r"|\.(avif|bmp|gif|heic|jpg|png|tif|webp|svg))$"
)
# Lines that speak of secrets and hold none, each with the reason.
HARMLESS = {
    r"""["']?(testing|test|secret|guessed|second-to-first|Bearer of news)["']""": "what tests call a secret",
    r"\"(secret/with\+signs=|session//token\+==)\"": "characters that a signature must encode",
    r"\{\{resolve:secretsmanager:|arn:aws:secretsmanager:": "the place of a secret",
    r"!(Equals|Join|Not|If)\b|^\s*(CACHE_PASSWORD|EDGE_SECRETS):": "a condition or a reference of the template",
    r"^\s*ServiceToken: !GetAtt ": "the function behind a custom resource",
    r"\"nextToken\": \"more\"": "the mark of the next page of a listing",
    r"\"x-edge-secret\"": "a header's name",
    r"\"Bearer a\.b\.c\"": "no token",
    r"^RSA = \"MIIBIj|\"LinkKeySecretArn\": \"links\"": "a public key, and what is no secret's ARN",
    r"\"elasticache:Connect\"|\"SecretsManager\"": "names of AWS",
}
PLANTED = f"token = '{'AKIA'}{'ZQ3DRSTUVWXY2345'}'\n"


def main() -> int:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [name for name in listed.splitlines() if not SKIPPED.search(name) and (ROOT / name).is_file()]
    with tempfile.TemporaryDirectory() as folder:
        planted = Path(folder, "planted.py")
        planted.write_text(PLANTED)
        found = scan([*files, str(planted)])
    others = [each for each in found if each[0] != str(planted)]
    secrets = [(path, line, kind) for path, line, kind in others if not is_harmless(path, line)]
    for path, line, kind in secrets:
        print(f"✗ {path}:{line}: {kind}")
    if len(found) == len(others):
        print("✗ the scanner did not find the secret that this check has planted")
        return 1
    return 1 if secrets else 0


def scan(files: list[str]) -> list[tuple[str, int, str]]:
    """Path, line and kind of each secret that may be in the files."""
    ended = subprocess.run(
        [str(PYTHON), "-c", SCAN],
        cwd=ROOT,
        input="\n".join(files),
        capture_output=True,
        text=True,
        check=True,
    )
    return [(path, line, kind) for path, line, kind in json.loads(ended.stdout)]


def is_harmless(path: str, line: int) -> bool:
    """Whether HARMLESS says why this line holds no secret."""
    text = (ROOT / path).read_text().splitlines()[line - 1]
    return any(re.search(pattern, text) for pattern in HARMLESS)


if __name__ == "__main__":
    sys.exit(main())
