"""The group `plan`; each command's module adds its command to it."""

from __future__ import annotations

from imageservice_operator.cli.group import images


@images.group(
    "plan", short_help="The rendition plan: check it, see which rule applies, compare, and change it live."
)
def plan() -> None:
    """The rendition plan: which sizes and formats are made of which images.

    docs/plan.md is the reference of a plan.
    """
