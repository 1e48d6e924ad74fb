"""Template tags: `{% load imageservice %}`."""
