"""docs/examples for JavaScript frameworks, in the frameworks' own packages: their links are those of ImageLinks."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dev.checks import ROOT
from dev.checks.asl import NODE_HOME, node
from imageservice_web import ImageLinks

URL = "https://images.example.com"
LINKS = ImageLinks(URL)
EXAMPLES = ROOT / "docs/examples"
IDS = ["shoes/red.jpg", "a b/é+%?#&=.jpg", "emoji 🦊.heic"]

NEXT = """
import image from 'next/image.js'
import imageLoader, { WIDTHS } from './image-loader.mjs'
const ids = JSON.parse(process.argv[2])
console.log(JSON.stringify(ids.map(src => image.getImageProps(
  { loader: imageLoader, src, alt: '', width: 1600, height: 1200, sizes: '100vw' }).props)))
"""
UNPIC = """
import { transformBaseImageProps } from '@unpic/core/base'
import { WIDTHS, imageUrl, transformer } from './transformer.mjs'
const ids = JSON.parse(process.argv[2])
console.log(JSON.stringify(ids.map(id => transformBaseImageProps({
  src: imageUrl('https://images.example.com', id), transformer, breakpoints: WIDTHS,
  alt: '', width: 1920, height: 1440, layout: 'constrained' }))))
"""


def rendered(folder: Path, example: Path, program: str) -> list[dict[str, Any]]:
    """The program's output for the ids. It runs beside a copy of the example, with the packages of .venv/node."""
    (folder / "node_modules").symlink_to(NODE_HOME / "node_modules")
    (folder / example.name).write_text(example.read_text())
    (folder / "program.mjs").write_text(program)
    done = subprocess.run(
        [node(), "program.mjs", json.dumps(IDS)],
        cwd=folder,
        env={"NEXT_PUBLIC_IMAGE_SERVICE_URL": URL},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def links_by_width(srcset: str) -> dict[int, str]:
    return {int(width): link for link, width in re.findall(r"(\S+) (\d+)w", srcset)}


def test_next_image_asks_for_the_widths_of_the_page(tmp_path: Path) -> None:
    for image_id, props in zip(
        IDS, rendered(tmp_path, EXAMPLES / "next/image-loader.mjs", NEXT), strict=True
    ):
        links = links_by_width(props["srcSet"])
        assert links, props
        assert links == {width: LINKS.image_url(image_id, width=width) for width in links}


def test_unpic_asks_for_the_plans_widths(tmp_path: Path) -> None:
    for image_id, props in zip(
        IDS, rendered(tmp_path, EXAMPLES / "unpic/transformer.mjs", UNPIC), strict=True
    ):
        links = links_by_width(props["srcset"])
        assert links == {width: LINKS.image_url(image_id, width=width) for width in LINKS.widths}


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*/*.mjs")), ids=lambda path: path.name)
def test_the_examples_widths_are_the_default_plans(example: Path) -> None:
    [widths] = re.findall(r"WIDTHS = \[([\d, ]+)\]", example.read_text())
    assert tuple(map(int, widths.split(","))) == tuple(LINKS.widths)
