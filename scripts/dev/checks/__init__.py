"""The gate: what `./scripts/test` runs, and the checks that no existing tool makes."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
