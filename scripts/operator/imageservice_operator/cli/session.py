"""What every command has in common: which stack, JSON or tables, and how it ends."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.text import Text

from imageservice_operator.cli.group import images
from imageservice_operator.operations.errors import ImageNotFound, OperationFailed, StackNotFound
from imageservice_operator.operations.stack import LOCAL, Stack

# Exit codes; 2 is click's, for a command line that can't be.
DONE, NOT_ALL_WELL, NO_STACK, NO_IMAGE, REFUSED, INTERRUPTED = 0, 1, 3, 4, 5, 130
# As the shell has it of a program whose reader, such as head, has read enough.
READ_ENOUGH = 141


@dataclass
class Session:
    """One run of one command."""

    stack: Stack
    as_json: bool
    out: Console
    err: Console
    exit_code: int = DONE

    def emit(self, value: Mapping[str, Any]) -> None:
        """One JSON document on standard output, if that is what was asked for."""
        if self.as_json:
            click.echo(json.dumps(value, default=_as_text, ensure_ascii=False))

    def show(self, *what: Any) -> None:
        """For people's eyes, on standard output; nothing with --json."""
        if not self.as_json:
            self.out.print(*what)

    def say(self, text: str) -> None:
        """A remark on standard error."""
        self.err.print(text, markup=False, highlight=False, soft_wrap=True)

    def show_whole(self, line: Text) -> None:
        """As `show`, a line that is copied: it is not wrapped, however narrow the window is."""
        if not self.as_json:
            self.out.print(line, soft_wrap=True)

    def not_all_well(self) -> None:
        if self.exit_code == DONE:
            self.exit_code = NOT_ALL_WELL

    def no_such_image(self, image_id: str) -> None:
        """One of several is not there: the others get their turn, and the exit code tells."""
        self.say(f"There is no image {image_id}.")
        self.exit_code = NO_IMAGE


def command(name: str, summary: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a function the command `name`. It gets a Session first, and takes the options that all commands take."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @click.option(
            "--stack",
            "stack_name",
            default=LOCAL,
            envvar="IMAGES_STACK",
            show_default=True,
            metavar="NAME",
            help="A CloudFormation stack's name, or 'local'. IMAGES_STACK sets it for good.",
        )
        @click.option("--region", help="Where that stack is (default: as for the AWS CLI).")
        @click.option("--profile", help="Whose credentials (default: as for the AWS CLI).")
        @click.option("--state-dir", type=click.Path(), help="Of the local stack (default: .local).")
        @click.option("--json", "as_json", is_flag=True, help="One JSON document a line on standard output.")
        @functools.wraps(function)
        def run(
            stack_name: str,
            region: str | None,
            profile: str | None,
            state_dir: str | None,
            as_json: bool,
            **given: Any,
        ) -> None:
            sys.exit(
                _ended(
                    lambda: _session(stack_name, region, profile, state_dir, as_json),
                    lambda session: function(session, **given),
                )
            )

        return images.command(name, short_help=summary)(run)

    return decorate


def _session(
    stack_name: str, region: str | None, profile: str | None, state_dir: str | None, as_json: bool
) -> Session:
    # Tables of a pipe are read by people, too, but in no window of 80 columns.
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 160
    stack = Stack.find(stack_name, state_dir=state_dir, region=region, profile=profile)
    if not stack.answers():
        raise StackNotFound(
            f"The local stack is gone: nothing answers at {stack.endpoint_url}. Start it again with ./scripts/run."
        )
    return Session(
        stack, as_json, _Output(width=width, highlight=False), Console(stderr=True, highlight=False)
    )


class _Output(Console):
    """Standard output; a pipe that nobody reads any more is for `_ended` to see, as it is with --json."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def _ended(begin: Callable[[], Session], work: Callable[[Session], Any]) -> int:
    """Runs the command and says how it ended, in a line for people and a code for programs."""
    try:
        session = begin()
        work(session)
        return session.exit_code
    except StackNotFound as error:
        return _failed(error, NO_STACK)
    except ImageNotFound as error:
        return _failed(error, NO_IMAGE)
    except BrokenPipeError:
        # What is left in the buffer goes nowhere; otherwise Python complains of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READ_ENOUGH
    except (OperationFailed, OSError) as error:
        return _failed(error, REFUSED)
    except ClientError as error:
        return _failed(f"AWS refused: {error}", REFUSED)
    except BotoCoreError as error:
        return _failed(f"AWS can't be reached: {error}", NO_STACK)
    except KeyboardInterrupt:
        return _failed("Interrupted; what was begun goes on.", INTERRUPTED)


def _failed(message: object, code: int) -> int:
    click.echo(str(message), err=True)
    return code


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
