"""What a deployment of ResizeFunction uploads."""

import io
import zipfile
from pathlib import Path

FUNCTIONS = Path(__file__).parents[2] / "functions"


def artifact(**replaced: str) -> bytes:
    """The resize function's code, some of its modules replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for folder in ("imageservice", "resize"):
            for file in sorted((FUNCTIONS / folder).rglob("*")):
                name = file.relative_to(FUNCTIONS).as_posix()
                if file.is_file() and "__pycache__" not in file.parts:
                    archive.writestr(name, replaced.get(name) or file.read_bytes())
    return out.getvalue()
