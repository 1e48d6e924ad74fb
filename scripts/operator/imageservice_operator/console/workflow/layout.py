"""Where a workflow's states and arrows go on the page: a machine as ELK's graph, and ELK's answer as a drawing.

ELK sorts the states into layers with few crossings and places them by network simplex (Gansner et al., 1993), which
keeps short and straight first what has the highest priority: the main line.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imageservice_operator.console.workflow import elk
from imageservice_operator.console.workflow.definition import Kind, Machine, State, Transition

HEIGHT, GAP_X, GAP_Y, MARGIN = 38, 22, 26, 10
LETTER, PADDING, NARROWEST, WIDEST = 7.0, 34, 104, 250
CAPTION = 40  # of a state that holds others: its name, and a note below it

_OPTIONS = {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.edgeRouting": "SPLINES",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    # Where the search for few crossings starts: of those tried, this one draws the service's workflows narrowest.
    "elk.randomSeed": "28",
    "elk.layered.mergeEdges": "true",  # arrows leave and enter in the middle: otherwise the main line is not straight
    "elk.spacing.nodeNode": f"{GAP_X}",
    "elk.layered.spacing.nodeNodeBetweenLayers": f"{GAP_Y}",
    "elk.padding": f"[top={MARGIN},left={MARGIN},right={MARGIN},bottom={MARGIN}]",
}
_HOLDS_OTHERS = {
    **_OPTIONS,
    "elk.padding": f"[top={CAPTION},left={MARGIN},right={MARGIN},bottom={MARGIN}]",
    "elk.contentAlignment": "[H_CENTER]",
}
_MAIN_LINE = {"elk.layered.priority.straightness": "100", "elk.layered.priority.direction": "10"}


@dataclass(frozen=True)
class Box:
    """A state's place, in CSS pixels from the upper left corner of the drawing or of the state that holds it.

    `boxes` and `arrows` are those inside a Map or a Parallel.
    """

    state: State
    x: float
    y: float
    width: float
    height: float
    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()


@dataclass(frozen=True)
class Arrow:
    """A transition: `path` is the `d` of an SVG path from the edge of one box to the edge of the other."""

    source: str
    target: str
    kind: Kind
    path: str


@dataclass(frozen=True)
class Drawing:
    """A machine laid out from top to bottom."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def draw(machine: Machine) -> Drawing:
    """The machine's drawing, with a straight main line. Raises ValueError for a machine that can't be drawn."""
    states: dict[str, State] = {}
    transitions: dict[str, Transition] = {}
    graph = {"id": "machine", "layoutOptions": _OPTIONS, **_graph([machine], states, transitions)}
    placed = elk.layout(graph)
    boxes, arrows = _contents(placed, states, transitions)
    return Drawing(placed["width"], placed["height"], boxes, arrows)


def _graph(
    machines: Sequence[Machine], states: dict[str, State], transitions: dict[str, Transition]
) -> dict[str, Any]:
    """ELK's nodes and edges of the machines; fills in the states and transitions by the ids that they get there."""
    nodes, edges = [], []
    for machine in machines:
        ids = {name: f"state {len(states) + number}" for number, name in enumerate(machine.states)}
        states.update((ids[name], state) for name, state in machine.states.items())
        nodes += [_node(ids[name], state, states, transitions) for name, state in machine.states.items()]
        main = set(itertools.pairwise(machine.main))
        for each in machine.transitions:
            edge = f"transition {len(transitions)}"
            transitions[edge] = each
            edges.append(
                {
                    "id": edge,
                    "sources": [ids[each.source]],
                    "targets": [ids[each.target]],
                    "layoutOptions": _MAIN_LINE if (each.source, each.target) in main else {},
                }
            )
    return {"children": nodes, "edges": edges}


def _node(
    id: str, state: State, states: dict[str, State], transitions: dict[str, Transition]
) -> dict[str, Any]:
    width = min(max(len(state.name) * LETTER + PADDING, NARROWEST), WIDEST)
    if not state.machines:
        return {"id": id, "width": width, "height": HEIGHT}
    room_for_the_name = {
        "elk.nodeSize.constraints": "MINIMUM_SIZE",
        "elk.nodeSize.minimum": f"({width}, {HEIGHT})",
    }
    return {
        "id": id,
        "layoutOptions": {**_HOLDS_OTHERS, **room_for_the_name},
        **_graph(state.machines, states, transitions),
    }


def _contents(
    placed: Mapping[str, Any], states: Mapping[str, State], transitions: Mapping[str, Transition]
) -> tuple[tuple[Box, ...], tuple[Arrow, ...]]:
    boxes = []
    for node in placed.get("children", ()):
        inner_boxes, inner_arrows = _contents(node, states, transitions)
        boxes.append(
            Box(
                state=states[node["id"]],
                x=node["x"],
                y=node["y"],
                width=node["width"],
                height=node["height"],
                boxes=inner_boxes,
                arrows=inner_arrows,
            )
        )
    arrows = []
    for edge in placed.get("edges", ()):
        transition = transitions[edge["id"]]
        path = "".join(_path(section) for section in edge["sections"])
        arrows.append(Arrow(transition.source, transition.target, transition.kind, path))
    return tuple(boxes), tuple(arrows)


def _path(section: Mapping[str, Any]) -> str:
    """A section's spline as the `d` of an SVG path: its bend points are the control points of cubic Béziers.

    Source: eclipse.dev/elk/reference/options/org-eclipse-elk-edgeRouting.html
    """
    points = [section["startPoint"], *section.get("bendPoints", ()), section["endPoint"]]
    text = [f"{point['x']:.1f} {point['y']:.1f}" for point in points]
    return f"M{text[0]}" + "".join(_curves(text[1:]))


def _curves(points: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(points), 3):
        piece = points[start : start + 3]
        yield {3: "C", 2: "Q", 1: "L"}[len(piece)] + " ".join(piece)
