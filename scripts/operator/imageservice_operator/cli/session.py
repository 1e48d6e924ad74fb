"""What every command has in common: the stack, JSON or tables, and the exit code."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from rich.console import Console
from rich.text import Text

from imageservice.core.errors import StoreUnavailable
from imageservice.core.timestamps import to_text
from imageservice_operator.cli.group import images
from imageservice_operator.cli.output import untrusted_lines
from imageservice_operator.operations.errors import BadRequest, ImageNotFound, OperationFailed, StackNotFound
from imageservice_operator.operations.stack import LOCAL, STATE_DIR, Stack
from imageservice_operator.operations.standard_output import StandardOutput

# Exit codes (group.py says what they mean); click itself ends with 2 for a usage error.
DONE, NOT_ALL_WELL, USAGE, NO_STACK, NO_IMAGE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
# As a shell reports a program that SIGPIPE ended: its reader, such as head, has closed the pipe.
READER_GONE = 141


@dataclass
class Session:
    """One run of one command. The stack is looked for when it is first used: some commands need none."""

    find: Callable[[], Stack]
    as_json: bool
    out: Console
    err: Console
    exit_code: int = DONE

    @functools.cached_property
    def stack(self) -> Stack:
        """The stack that the options choose. Raises StackNotFound if there is none, or if a local one is gone."""
        stack = self.find()
        if not stack.answers():
            raise StackNotFound(
                f"The local stack is gone: nothing answers at {stack.endpoint_url}. Start it again with ./scripts/run."
            )
        return stack

    def emit(self, value: Mapping[str, Any]) -> None:
        """One JSON document on standard output, with --json."""
        if self.as_json:
            click.echo(json.dumps(value, default=_as_text, ensure_ascii=False))

    def show(self, *what: Any) -> None:
        """Prints for people, on standard output; prints nothing with --json."""
        if not self.as_json:
            self.out.print(*what)

    def say(self, text: str) -> None:
        """A remark on standard error."""
        self.err.print(text, markup=False, highlight=False, soft_wrap=True)

    def show_whole(self, line: Text) -> None:
        """Like `show`, for a line that people copy: it is not wrapped, however narrow the window is."""
        if not self.as_json:
            self.out.print(line, soft_wrap=True)

    def not_all_well(self) -> None:
        if self.exit_code == DONE:
            self.exit_code = NOT_ALL_WELL

    def no_such_image(self, image_id: str) -> None:
        """Says that one of several images does not exist, and sets the exit code; the command then continues."""
        self.say(f"There is no image {image_id}.")
        self.exit_code = NO_IMAGE


def stack_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that choose the stack: stack_name, region, profile and state_dir."""
    for option in (
        click.option(
            "--state-dir",
            envvar="IMAGES_STATE_DIR",
            default=STATE_DIR,
            show_default=True,
            metavar="PATH",
            type=click.Path(),
            help="The state directory of the local stack. Environment: IMAGES_STATE_DIR.",
        ),
        click.option("--profile", metavar="NAME", help="The AWS profile (default: as for the AWS CLI)."),
        click.option("--region", metavar="NAME", help="The stack's region (default: as for the AWS CLI)."),
        click.option(
            "--stack",
            "stack_name",
            envvar="IMAGES_STACK",
            default=LOCAL,
            show_default=True,
            metavar="NAME",
            help="The name of a CloudFormation stack, or 'local'. Environment: IMAGES_STACK.",
        ),
    ):
        function = option(function)
    return function


def command(
    name: str, summary: str, group: click.Group = images
) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a function the command `name` of the group.

    It gets a Session first, and the options that all commands take.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        @stack_options
        @click.option(
            "--json", "as_json", is_flag=True, help="Print one JSON document per line on standard output."
        )
        @functools.wraps(function)
        def run(
            stack_name: str,
            region: str | None,
            profile: str | None,
            state_dir: str,
            as_json: bool,
            **options: Any,
        ) -> None:
            def find() -> Stack:
                return Stack.find(stack_name, state_dir=state_dir, region=region, profile=profile)

            session = Session(find, as_json, StandardOutput(), Console(stderr=True, highlight=False))

            def work() -> None:
                _check_texts(click.get_current_context())
                function(session, **options)

            sys.exit(_ended(session, work))

        return group.command(name, short_help=summary)(run)

    return decorate


def _check_texts(context: click.Context) -> None:
    """Raises BadRequest for an argument that is not UTF-8, as only the name of a file may be. Ids have a rule of their
    own, and the API's sentence."""
    for parameter in context.command.params:
        own_rule = isinstance(parameter.type, click.Path) or parameter.name in ("image_id", "image_ids")
        value = None if own_rule else context.params.get(parameter.name or "")
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and any("\ud800" <= each <= "\udfff" for each in text):
                raise BadRequest(f"{parameter.opts[0]} is not valid UTF-8.")


def _ended(session: Session, work: Callable[[], Any]) -> int:
    """Runs the command and returns its exit code. An error is one line on standard error."""
    try:
        work()
        return session.exit_code
    except StackNotFound as error:
        return _failed(error, NO_STACK)
    except ImageNotFound as error:
        return _failed(error, NO_IMAGE)
    except BrokenPipeError:
        # Python would complain about what is left in the buffer when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except BadRequest as error:
        return _failed(error, USAGE)
    except (OperationFailed, OSError) as error:
        return _failed(error, REFUSED)
    except ClientError as error:
        return _failed(f"AWS refused: {error}", REFUSED)
    except Boto3Error as error:  # a transfer of files; its cause is in its text alone
        return _failed(f"AWS refused: {error}", REFUSED)
    except StoreUnavailable as error:
        if isinstance(error.__cause__, ClientError):
            return _failed(f"AWS refused: {error.__cause__}", REFUSED)
        return _failed(f"AWS can't be reached: {error}", NO_STACK)
    except ParamValidationError as error:
        return _failed(" ".join(str(error).split()), USAGE)
    except BotoCoreError as error:
        return _failed(f"AWS can't be reached: {error}", NO_STACK)
    except KeyboardInterrupt:
        return _failed("Interrupted; work that had started continues.", INTERRUPTED)


def _failed(message: object, code: int) -> int:
    # It may quote an id, or what AWS says: no terminal takes that for commands.
    click.echo(untrusted_lines(str(message)).plain, err=True)
    return code


def _as_text(value: Any) -> str:
    return to_text(value) if isinstance(value, datetime) else str(value)
