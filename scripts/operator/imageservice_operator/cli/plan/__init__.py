"""plan: the rendition plan, checked, explained, compared and changed; one file per command."""

from imageservice_operator.cli.plan import check, show

__all__ = ["check", "show"]
