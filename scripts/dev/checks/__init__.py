"""The gate: what `./scripts/test` runs, and the checks that no tool off the shelf makes."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
