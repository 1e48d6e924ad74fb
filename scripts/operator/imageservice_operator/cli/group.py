"""The command line's root; the commands' modules add themselves to it."""

import click

EXIT_CODES = (
    ("0", "done, and all is well"),
    ("1", "done, but not all is well: an image is not READY, a replay did not help"),
    ("2", "the command line can't be understood"),
    ("3", "there is no such stack, or it can't be reached"),
    ("4", "there is no such image"),
    ("5", "AWS refused, or something else failed"),
    ("130", "interrupted with Ctrl-C; what was begun goes on"),
    ("141", "whoever read the output, such as head, has read enough"),
)


class _Images(click.Group):
    """Has a section for the exit codes at the end of its help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        with formatter.section("Exit codes"):
            formatter.write_dl(EXIT_CODES)


@click.group(
    name="images",
    cls=_Images,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
def images() -> None:
    """See what became of every image, and put right what failed.

    \b
    Works on the local stack (./scripts/run starts it), or with --stack NAME on a deployed one.
      ./scripts/images upload holiday/*.jpg       photos in; waits until they are READY
      ./scripts/images status                     how many images there are of each status
      ./scripts/images failures                   what failed, why, and what to do
      ./scripts/images replay --all               take it up again where it stopped
    """
