"""The gate: what `./scripts/test` runs, and the checks that no tool off the shelf makes."""
