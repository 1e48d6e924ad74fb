"""plan: the rendition plan, checked, explained, compared and changed; one file per command."""

from imageservice_operator.cli.plan import apply, check, diff, exposed, show

__all__ = ["apply", "check", "diff", "exposed", "show"]
