"""Every bomb by its name, and its costs."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from bombs import bmp, gif, heif_bombs, jpeg, png, tiff, webp
from bombs.functions import Costs, run

BOMBS: dict[str, Callable[[], bytes]] = {
    **png.BOMBS,
    **gif.BOMBS,
    **jpeg.BOMBS,
    **webp.BOMBS,
    **tiff.BOMBS,
    **bmp.BOMBS,
    **heif_bombs.BOMBS,
}


def costs_of(name: str) -> Costs:
    """What the bomb of this name costs the functions that meet it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bomb"
        path.write_bytes(BOMBS[name]())
        return run(path)
