"""AVIFs and HEICs count with all pixels that their decoders would decode, whatever their indexes say."""

import time
from io import BytesIO

import pytest
from bombs import heif, heif_bombs
from bombs.heif import AVIF, HEIC, gridded, nested, picture, single
from bombs.parts import box

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.inspection import inspect
from imageservice.engine.render import render

TARGET = Target("x", 32, 32, "contain", "center")
KINDS = pytest.mark.parametrize("kind", [AVIF, HEIC])


def refusal(data: bytes, limits: Limits | None = None) -> str:
    """Why the file is refused, in less than two seconds of CPU."""
    began = time.thread_time()
    with pytest.raises(ImageRejected) as caught:
        render(data, TARGET, ("jpeg",), limits or Limits())
    assert time.thread_time() - began < 2
    return str(caught.value)


@KINDS
def test_a_grid_of_its_usual_tiles_is_taken(kind: str) -> None:
    data = gridded(kind, picture(kind, 64), 2, 3, (180, 120))
    found = inspect(BytesIO(data), len(data), Limits())
    assert (found.width, found.height) == (180, 120)
    assert render(data, TARGET, ("jpeg",), Limits()).images[0].width == 32


@KINDS
def test_a_grid_counts_at_the_size_that_it_says_itself(kind: str) -> None:
    data = gridded(kind, picture(kind, 64), 2, 2, (65_000, 65_000), stated=(64, 64))
    assert "4,225 megapixels" in refusal(data)


@KINDS
def test_a_tile_counts_as_often_as_it_is_used(kind: str) -> None:
    data = gridded(kind, picture(kind, 512), 40, 40, (64, 64), shared_item=True)
    assert "419 megapixels in all" in refusal(data)


@KINDS
def test_overlays_count_all_their_layers(kind: str) -> None:
    assert "in all" in refusal(heif_bombs.overlaid(kind, picture(kind, 512), 9_000, (64, 64)))


@KINDS
def test_alpha_planes_count(kind: str) -> None:
    assert "in all" in refusal(heif_bombs.alphas(kind, 9_000, 512))


@KINDS
def test_items_that_are_made_of_themselves_are_refused(kind: str) -> None:
    assert refusal(heif_bombs.circular_grid(kind)) == "The image's index is damaged."
    assert refusal(heif_bombs.chained(kind, 9, circular=True)) == "The image's index is damaged."


@KINDS
def test_a_second_tile_that_is_made_of_its_grid_is_refused(kind: str) -> None:
    own = heif.grid(1, 2, 128, 64)
    tile = picture(kind, 64)
    first = heif.Item(b"grid", (heif.extent(128, 64),), ((0, len(own)),))
    items = [(1, first), (2, tile.item(offset=len(own)))]
    data = heif.written(kind, items, own + tile.coded, [(b"dimg", 1, [2, 1])])
    assert "made of parts too often" in refusal(data)


@KINDS
def test_grids_of_grids_count_with_all_their_tiles(kind: str) -> None:
    assert "megapixels" in refusal(nested(kind, picture(kind, 64), 3, 16))


@KINDS
def test_a_picture_larger_than_its_index_says_is_refused(kind: str) -> None:
    data = single(kind, picture(kind, 2_100), width=64, height=64)
    assert "more pixels than its index says" in refusal(data)


def test_a_frame_larger_than_its_track_says_is_refused() -> None:
    data = bytearray(heif_bombs.moving(2_100, 2))
    for at in [at for at in range(len(data)) if bytes(data[at : at + 4]) in (b"tkhd", b"ispe")]:
        end = at + int.from_bytes(data[at - 4 : at], "big") - 4
        sides = (64 << 16, 64 << 16) if data[at : at + 4] == b"tkhd" else (64, 64)
        data[end - 8 : end] = b"".join(side.to_bytes(4, "big") for side in sides)
    assert "more pixels than its index says" in refusal(bytes(data))


def test_boxes_without_end_are_refused_for_what_they_are() -> None:
    data = single(AVIF, picture(AVIF, 64), before=box(b"free") * 200_000)
    assert "more than 100,000 boxes" in refusal(data)
