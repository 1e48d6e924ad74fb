"""Where the drawing puts states and arrows: what a reader of it relies on, for every machine of the service."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageservice_operator.console.workflow import definition, elk, layout
from imageservice_operator.console.workflow.definition import Machine
from imageservice_operator.console.workflow.layout import Arrow, Box, Drawing

MACHINES = Path(__file__).parents[3] / "statemachine"
ALL = sorted(path.name.removesuffix(".asl.json") for path in MACHINES.glob("*.asl.json"))

Point = tuple[float, float]


@cache
def drawn(name: str) -> tuple[Machine, Drawing]:
    machine = definition.read((MACHINES / f"{name}.asl.json").read_text())
    return machine, layout.draw(machine)


def machine_of(states: Mapping[str, Any], start: str = "a") -> Machine:
    return definition.read(json.dumps({"StartAt": start, "States": states}))


def overlap(one: Box, other: Box) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


def points(arrow: Arrow, steps: int = 20) -> list[Point]:
    """Points on the arrow's curves, from its start to its end."""
    pieces = [
        (kind, [float(number) for number in numbers.split()])
        for kind, numbers in re.findall(r"([MLQC])([^MLQC]+)", arrow.path)
    ]
    found: list[Point] = []
    for kind, numbers in pieces:
        control = list(zip(numbers[::2], numbers[1::2], strict=True))
        if kind == "M":
            found.append(control[0])
        else:
            found += [_on_curve([found[-1], *control], step / steps) for step in range(1, steps + 1)]
    return found


def _on_curve(control: Sequence[Point], at: float) -> Point:
    while len(control) > 1:
        control = [
            (a[0] + (b[0] - a[0]) * at, a[1] + (b[1] - a[1]) * at) for a, b in itertools.pairwise(control)
        ]
    return control[0]


def touches(point: Point, box: Box) -> bool:
    """Whether the point is on the box's edge, to half a pixel."""
    x, y = point[0] - box.x, point[1] - box.y
    inside = -0.5 <= x <= box.width + 0.5 and -0.5 <= y <= box.height + 0.5
    return inside and min(x, y, box.width - x, box.height - y) <= 0.5


def levels(held: Drawing | Box) -> Iterator[tuple[Sequence[Box], Sequence[Arrow]]]:
    """Boxes and arrows of the drawing, and of each state that holds others."""
    yield held.boxes, held.arrows
    for box in held.boxes:
        if box.boxes:
            yield from levels(box)


@pytest.mark.parametrize("name", ALL)
def test_every_state_and_transition_is_drawn(name: str) -> None:
    machine, drawing = drawn(name)
    assert {box.state.name for box in drawing.boxes} == set(machine.states)
    assert len(drawing.arrows) == len(machine.transitions)


@pytest.mark.parametrize("name", ALL)
def test_no_two_states_overlap_and_all_lie_within(name: str) -> None:
    _, drawing = drawn(name)
    for boxes, _ in levels(drawing):
        assert not [pair for pair in itertools.combinations(boxes, 2) if overlap(*pair)]
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.x + box.width <= drawing.width
        assert box.y + box.height <= drawing.height


@pytest.mark.parametrize("name", ALL)
def test_an_arrow_goes_from_the_edge_of_one_box_to_the_edge_of_the_other(name: str) -> None:
    _, drawing = drawn(name)
    for boxes, arrows in levels(drawing):
        by_name = {box.state.name: box for box in boxes}
        for arrow in arrows:
            way = points(arrow)
            assert touches(way[0], by_name[arrow.source]), arrow
            assert touches(way[-1], by_name[arrow.target]), arrow


@pytest.mark.parametrize("name", ALL)
def test_no_arrow_crosses_a_state(name: str) -> None:
    _, drawing = drawn(name)
    for boxes, arrows in levels(drawing):
        for arrow, box in itertools.product(arrows, boxes):
            crossed = [
                point
                for point in points(arrow)
                if box.x + 1 < point[0] < box.x + box.width - 1
                and box.y + 1 < point[1] < box.y + box.height - 1
            ]
            assert not crossed, f"{arrow.source} to {arrow.target} crosses {box.state.name}"


@pytest.mark.parametrize("name", ALL)
def test_the_main_line_goes_straight_down(name: str) -> None:
    machine, drawing = drawn(name)
    boxes = {box.state.name: box for box in drawing.boxes}
    middles = [boxes[each].x + boxes[each].width / 2 for each in machine.main]
    tops = [boxes[each].y for each in machine.main]
    assert max(middles) - min(middles) < 2
    assert tops == sorted(tops)


@pytest.mark.parametrize("name", ALL)
def test_a_drawing_fits_beside_the_timeline(name: str) -> None:
    _, drawing = drawn(name)
    assert drawing.width < 720, "try other values of elk.randomSeed in layout.py"


def test_a_state_is_wide_enough_for_its_name() -> None:
    _, drawing = drawn("process_image")
    for boxes, _ in levels(drawing):
        assert not [box for box in boxes if box.width < len(box.state.name) * 7]


def test_a_map_holds_what_it_repeats() -> None:
    _, drawing = drawn("process_image")
    (whole,) = [box for box in drawing.boxes if box.state.name == "Resize to each size"]
    (resize,) = whole.boxes
    assert resize.state.name == "Resize"
    assert resize.y >= 40, "the caption has no room"
    assert resize.y + resize.height < whole.height


def test_what_a_map_repeats_is_in_its_middle() -> None:
    _, drawing = drawn("process_image")
    (whole,) = [box for box in drawing.boxes if box.boxes]
    (resize,) = whole.boxes
    assert resize.x + resize.width / 2 == pytest.approx(whole.width / 2, abs=1)


@pytest.mark.parametrize("name", ALL)
def test_the_order_of_the_definitions_keys_changes_nothing(name: str) -> None:
    _, drawing = drawn(name)
    by_key = json.dumps(json.loads((MACHINES / f"{name}.asl.json").read_text()), sort_keys=True)
    assert layout.draw(definition.read(by_key)) == drawing


def test_a_parallel_holds_its_branches_side_by_side() -> None:
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}} for name in ("left", "right")
    ]
    drawing = layout.draw(machine_of({"a": {"Type": "Parallel", "Branches": branches, "End": True}}))
    (whole,) = drawing.boxes
    assert {box.state.name for box in whole.boxes} == {"left", "right"}
    assert not overlap(*whole.boxes)


def test_a_single_state_a_loop_and_a_state_that_leads_to_itself_can_be_drawn() -> None:
    assert len(layout.draw(machine_of({"a": {"Type": "Pass", "End": True}})).boxes) == 1
    loop = machine_of({"a": {"Type": "Pass", "Next": "b"}, "b": {"Type": "Wait", "Next": "a"}})
    assert len(layout.draw(loop).arrows) == 2
    again = {"a": {"Type": "Choice", "Choices": [{"Next": "a"}], "Default": "b"}, "b": {"Type": "Succeed"}}
    assert {(each.source, each.target) for each in layout.draw(machine_of(again)).arrows} == {
        ("a", "a"),
        ("a", "b"),
    }


def test_a_state_that_nothing_leads_to_is_drawn_too() -> None:
    alone = machine_of({"a": {"Type": "Pass", "End": True}, "b": {"Type": "Pass", "End": True}})
    assert not overlap(*layout.draw(alone).boxes)


NAMES = st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=6, unique=True)


@settings(max_examples=20, deadline=None)
@given(NAMES, st.data())
def test_any_names_and_any_transitions_can_be_drawn(names: list[str], data: st.DataObject) -> None:
    states = {
        name: {
            "Type": "Choice",
            "Choices": [{"Next": each} for each in data.draw(st.lists(st.sampled_from(names), max_size=4))],
        }
        for name in names
    }
    drawing = layout.draw(machine_of(states, start=names[0]))
    assert sorted(box.state.name for box in drawing.boxes) == sorted(names)
    assert not [pair for pair in itertools.combinations(drawing.boxes, 2) if overlap(*pair)]


def test_several_pages_can_be_drawn_at_once() -> None:
    machine, drawing = drawn("remove_image")
    with ThreadPoolExecutor(4) as pool:
        widths = list(pool.map(lambda _: layout.draw(machine).width, range(4)))
    assert set(widths) == {drawing.width}


def test_a_transition_to_nowhere_is_refused_with_its_reason() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        layout.draw(machine_of({"a": {"Type": "Pass", "Next": "nowhere"}}))


def test_what_elk_refuses_is_a_value_error_and_the_next_drawing_is_fine() -> None:
    with pytest.raises(ValueError, match="can't be laid out"):
        elk.layout({"id": "g", "edges": [{"id": "e", "sources": ["a"], "targets": ["b"]}]})
    assert elk.layout({"id": "g", "children": [{"id": "a", "width": 10, "height": 10}]})["children"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"StartAt": "a", "States": {"a": {}}}'])
def test_what_is_not_a_definition_is_refused_in_one_kind_of_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        definition.read(text)
