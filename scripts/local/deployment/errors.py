"""The errors of a template that can't be deployed, without imports: `./scripts/run --help` needs no packages."""


class BrokenTemplate(Exception):
    """The template can't be read; the message says where and why."""
