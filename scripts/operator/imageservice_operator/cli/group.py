"""The command line's root; each command's module adds its command to it."""

import click

from imageservice import __version__

COMMANDS = (
    "upload",
    "describe",
    "status",
    "link",
    "watch",
    "list",
    "executions",
    "history",
    "logs",
    "failures",
    "replay",
    "reconcile",
    "reprocess",
    "stop",
    "plan",
    "remove",
    "restore",
    "focus",
    "audit",
    "console",
    "cost",
    "completion",
)
"""In the order of the help. Each is a module of this package."""
EXIT_CODES = (
    ("0", "success"),
    ("1", "it ran, but something is wrong: an image is not READY, or a replay did not help"),
    ("2", "usage error"),
    ("3", "there is no such stack, or it can't be reached"),
    ("4", "there is no such image"),
    ("5", "AWS refused, or another operation failed"),
    ("130", "interrupted with Ctrl-C; work that had started continues"),
    ("141", "the reader of the output, such as head, closed the pipe"),
)


class _Images(click.Group):
    """Lists its commands in their own order, and the exit codes at the end of its help."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; the error for a command's option that precedes the command gives the right order."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            options = {
                name for each in self.commands.values() for param in each.params for name in param.opts
            }
            if error.option_name not in options:
                raise
            raise click.UsageError(
                f"{error.option_name} follows the command: images COMMAND {error.option_name} …", ctx
            ) from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return [name for name in COMMANDS if name in self.commands]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        with formatter.section("Exit codes"):
            formatter.write_dl(EXIT_CODES)


@click.group(
    name="images",
    cls=_Images,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="images", message="%(prog)s %(version)s")
def images() -> None:
    """See the state of every image, and repair what failed.

    \b
    Works on a deployed stack with --stack NAME, otherwise on the local one (./scripts/run starts it).
      images upload holiday/*.jpg       upload photos, and wait until they are READY
      images status                     count the images in each status
      images failures                   show what failed, why, and what to do
      images replay --all               resume failed work where it stopped
    """
