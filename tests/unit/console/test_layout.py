"""Where the drawing puts states: nothing overlaps, the main line is straight, every machine of ours can be drawn."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageservice_operator.console.workflow import definition, layout
from imageservice_operator.console.workflow.layout import Drawing

MACHINES = Path(__file__).parents[3] / "statemachine"


def drawn(name: str) -> tuple[definition.Machine, Drawing]:
    machine = definition.read((MACHINES / f"{name}.asl.json").read_text())
    return machine, layout.draw(machine)


ALL = sorted(path.name.removesuffix(".asl.json") for path in MACHINES.glob("*.asl.json"))


@pytest.mark.parametrize("name", ALL)
def test_every_state_and_transition_is_drawn(name: str) -> None:
    machine, drawing = drawn(name)
    assert {box.state.name for box in drawing.boxes} == set(machine.states)
    assert len(drawing.arrows) == len(machine.transitions)


@pytest.mark.parametrize("name", ALL)
def test_no_two_states_overlap_and_all_lie_within(name: str) -> None:
    _, drawing = drawn(name)
    for one, other in itertools.combinations(drawing.boxes, 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.x + box.width <= drawing.width
        assert box.y + box.height <= drawing.height


@pytest.mark.parametrize("name", ALL)
def test_the_main_line_goes_straight_down(name: str) -> None:
    machine, drawing = drawn(name)
    middle = {box.state.name: box.x + box.width / 2 for box in drawing.boxes}
    assert max(middle[name] for name in machine.main) - min(middle[name] for name in machine.main) < 2


def test_a_map_holds_what_it_repeats() -> None:
    _, drawing = drawn("process_image")
    (whole,) = [box for box in drawing.boxes if box.state.name == "Resize to each size"]
    (inside,) = whole.inside
    (resize,) = inside.boxes
    assert resize.state.name == "Resize"
    assert inside.y + resize.y + resize.height < whole.height


def test_a_single_state_and_a_loop_can_be_drawn() -> None:
    alone = definition.read('{"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}')
    assert len(layout.draw(alone).boxes) == 1
    loop = definition.read(
        '{"StartAt": "a", "States": {"a": {"Type": "Pass", "Next": "b"}, "b": {"Type": "Wait", "Next": "a"}}}'
    )
    assert len(layout.draw(loop).arrows) == 2


def test_what_is_no_definition_is_refused_in_one_kind_of_error() -> None:
    for text in ("", "[]", "{}", '{"StartAt": "a", "States": {"a": {}}}'):
        with pytest.raises(ValueError, match=r".+"):
            definition.read(text)


@given(
    st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(0.1, 10), st.floats(0, 50)), min_size=1, max_size=8)
)
def test_spread_keeps_order_and_gaps(points: list[tuple[float, float, float]]) -> None:
    wanted, weights, gaps = zip(*points, strict=True)
    places = layout.spread(wanted, weights, gaps[1:])
    for one, other, gap in zip(places, places[1:], gaps[1:], strict=False):
        assert other - one >= gap - 1e-6


def test_spread_leaves_alone_what_has_room() -> None:
    assert layout.spread([0.0, 100.0, 300.0], [1, 1, 1], [50, 50]) == [0, 100, 300]


def test_spread_moves_the_lighter_one() -> None:
    heavy, light = layout.spread([0.0, 0.0], [1000.0, 1.0], [10.0])
    assert heavy == pytest.approx(0, abs=0.02)
    assert light == pytest.approx(10, abs=0.02)
