"""`stack.json`: how to reach a running local stack. It is in the state directory for as long as the stack runs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from imageservice_operator.operations.errors import StackNotFound

NAME = "stack.json"


@dataclass(frozen=True)
class StackFile:
    """Where a local stack's services answer, the credentials of its administrator, and the template's outputs.

    `redis_url` and `console_url` are None if the stack serves none.
    """

    endpoint_url: str
    region: str
    access_key_id: str
    secret_access_key: str
    outputs: Mapping[str, str]
    redis_url: str | None = None
    console_url: str | None = None

    @classmethod
    def read(cls, state_dir: str | os.PathLike[str]) -> StackFile:
        """The file of the stack that runs with `state_dir`. Raises StackNotFound if none runs."""
        path = Path(state_dir) / NAME
        try:
            content = json.loads(path.read_text())
            known = {field.name: content[field.name] for field in fields(cls) if field.name in content}
            return cls(**known)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise StackNotFound(
                f"No local stack runs: {path} does not exist. Start one with ./scripts/run in a clone,"
                " or choose a deployed stack with --stack NAME."
            ) from error
        except (ValueError, TypeError) as error:
            raise StackNotFound(
                f"{path} is damaged ({error}). Start the local stack again with ./scripts/run."
            ) from error

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "outputs": dict(self.outputs)}
