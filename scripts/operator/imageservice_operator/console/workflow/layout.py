"""Where a workflow's states and arrows go on the page.

Grandalf sorts the states into layers and orders each layer for few crossings (Sugiyama's method). The places within a
layer are found here, because the main line should be straight: repeated sweeps pull each state towards its
neighbours, and the least-squares places that keep a layer's order and gaps are an isotonic regression.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from grandalf.graphs import Edge, Graph, Vertex
from grandalf.layouts import SugiyamaLayout

from imageservice_operator.console.workflow.definition import Kind, Machine, State, Transition

HEIGHT, GAP_X, GAP_Y, MARGIN = 38, 22, 26, 10
LETTER, PADDING, NARROWEST, WIDEST = 7.0, 34, 104, 250
CAPTION = 30  # of a state that holds others
BEND = 6.0  # the room of an arrow that passes through a layer
HEAD = 5  # an arrowhead's length
SWEEPS = 600
PULLS = (
    1.0,
    2.0,
    8.0,
)  # of an arrow's piece by how many of its ends are bends: dot's weights (Gansner et al., 1993)
STRAIGHT = 10_000.0  # the main line's: more than all that would bend it


@dataclass(frozen=True)
class Box:
    """A state's place, in CSS pixels from the drawing's upper left corner."""

    state: State
    x: float
    y: float
    width: float
    height: float
    inside: tuple[Drawing, ...]


@dataclass(frozen=True)
class Arrow:
    """A transition's way: `path` is the `d` of an SVG path; it ends where the arrowhead goes."""

    source: str
    target: str
    kind: Kind
    path: str


@dataclass(frozen=True)
class Drawing:
    """A machine laid out; `x` and `y` are where it goes in the state that holds it."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    x: float = 0
    y: float = 0


class _View:
    """What grandalf asks of a thing to be placed, and fills in: `xy` is its middle."""

    def __init__(self, width: float, height: float, inside: tuple[Drawing, ...] = ()) -> None:
        self.w, self.h, self.inside = width, height, inside
        self.xy = (0.0, 0.0)


class _Route:
    """What grandalf asks of an edge to be drawn, and fills in: a point for each layer from end to end."""

    points: list[tuple[float, float]]

    def setpath(self, points: Sequence[tuple[float, float]]) -> None:
        self.points = list(points)


def draw(machine: Machine) -> Drawing:
    """The machine's drawing, top to bottom, its main line in one column."""
    names = _reached(machine)
    vertices = {name: Vertex(name) for name in names}
    edges = {}
    for transition in machine.transitions:
        if transition.source in vertices and transition.source != transition.target:
            edge = Edge(vertices[transition.source], vertices[transition.target])
            edge.view = _Route()
            edges[edge] = transition
    for name, vertex in vertices.items():
        vertex.view = _view(machine.states[name])
    layout = SugiyamaLayout(Graph(list(vertices.values()), list(edges)).C[0])
    layout.yspace = GAP_Y
    layout.init_all(roots=[vertices[machine.start]])
    layout.draw(N=8)
    chains = {edges[edge]: _chain(edge, transition) for edge, transition in edges.items()}
    widths: dict[Hashable, float] = {name: vertex.view.w for name, vertex in vertices.items()}
    at: dict[Hashable, tuple[float, float]] = {name: vertex.view.xy for name, vertex in vertices.items()}
    for edge, transition in edges.items():
        at.update(zip(chains[transition][1:-1], edge.view.points[1:-1], strict=True))
    main: set[Hashable] = set(machine.main)
    for one, other in itertools.pairwise(machine.main):
        main.update(*(chain for each, chain in chains.items() if (each.source, each.target) == (one, other)))
    middle = _straight(at, list(chains.values()), widths, main)
    return _drawing(machine, {name: vertex.view for name, vertex in vertices.items()}, chains, middle)


def _chain(edge: Edge, transition: Transition) -> list[Hashable]:
    """The names of the points that an arrow goes through: its states, and a bend of its own in each layer between."""
    bends: list[Hashable] = [(transition, number) for number in range(len(edge.view.points) - 2)]
    return [transition.source, *bends, transition.target]


def _reached(machine: Machine) -> list[str]:
    """The states that some transition leads to, in their order: grandalf lays out one connected graph."""
    reached = [machine.start]
    for name in reached:
        reached += [
            each.target for each in machine.transitions if each.source == name and each.target not in reached
        ]
    return [name for name in machine.states if name in reached]


def _view(state: State) -> _View:
    width = min(max(len(state.name) * LETTER + PADDING, NARROWEST), WIDEST)
    if not state.machines:
        return _View(width, HEIGHT)
    inner = [draw(machine) for machine in state.machines]
    across = sum(each.width for each in inner)
    left = max(width - across, 0) / 2
    inside = []
    for each in inner:
        inside.append(replace(each, x=left, y=CAPTION))
        left += each.width
    return _View(max(width, across), CAPTION + max(each.height for each in inner), tuple(inside))


def _straight(
    at: dict[Hashable, tuple[float, float]],
    chains: list[list[Hashable]],
    widths: dict[Hashable, float],
    main: set[Hashable],
) -> dict[Hashable, tuple[float, float]]:
    """The points of `at` with better x: the main line at 0, the rest close by, no layer's order changed."""
    near = defaultdict(list)
    for chain in chains:
        for one, other in itertools.pairwise(chain):
            pull = PULLS[(one not in widths) + (other not in widths)]
            near[one].append((other, pull))
            near[other].append((one, pull))
    rows = defaultdict(list)
    for point in sorted(at, key=at.__getitem__):
        rows[at[point][1]].append(point)
    layers = [rows[y] for y in sorted(rows)]
    x = dict.fromkeys(at, 0.0)
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            # A pull that weakens with the distance minimises distances, not their squares: few bends, not many small.
            pulls = [
                [(x[other], pull / max(abs(x[other] - x[point]), 1.0)) for other, pull in near[point]]
                or [(0.0, 1.0)]
                for point in layer
            ]
            totals = [sum(pull for _, pull in each) for each in pulls]
            wanted = [
                0.0 if point in main else sum(other * pull for other, pull in each) / total
                for point, each, total in zip(layer, pulls, totals, strict=True)
            ]
            weights = [
                STRAIGHT if point in main else total for point, total in zip(layer, totals, strict=True)
            ]
            gaps = [
                (widths.get(one, BEND) + widths.get(other, BEND)) / 2 + GAP_X
                for one, other in itertools.pairwise(layer)
            ]
            x.update(zip(layer, spread(wanted, weights, gaps), strict=True))
    return {point: (x[point], y) for point, (_, y) in at.items()}


def spread(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The places closest to `wanted`, in the sum of weighted squares, where each is at least a gap after the last.

    Less the gaps before it each place must not be less than the last: an isotonic regression, found by pooling
    adjacent violators (Ayer et al., 1955).
    """
    before = [0.0, *itertools.accumulate(gaps)]
    pools: list[tuple[float, float, int]] = []
    for value, weight, shift in zip(wanted, weights, before, strict=True):
        mean, total, count = value - shift, weight, 1
        while pools and pools[-1][0] > mean:
            other, heavy, many = pools.pop()
            mean = (mean * total + other * heavy) / (total + heavy)
            total, count = total + heavy, count + many
        pools.append((mean, total, count))
    level = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + shift for mean, shift in zip(level, before, strict=True)]


def _drawing(
    machine: Machine,
    views: dict[str, _View],
    chains: dict[Transition, list[Hashable]],
    middle: dict[Hashable, tuple[float, float]],
) -> Drawing:
    left = min(
        [middle[name][0] - view.w / 2 for name, view in views.items()] + [x for x, _ in middle.values()]
    )
    right = max(
        [middle[name][0] + view.w / 2 for name, view in views.items()] + [x for x, _ in middle.values()]
    )
    bottom = max(middle[name][1] + view.h / 2 for name, view in views.items())

    def moved(point: Hashable) -> tuple[float, float]:
        return middle[point][0] - left + MARGIN, middle[point][1] + MARGIN

    def half(point: Hashable) -> float:
        if isinstance(point, str):
            return views[point].h / 2
        return max(view.h for name, view in views.items() if middle[name][1] == middle[point][1]) / 2

    boxes = []
    for name, view in views.items():
        x, y = moved(name)
        boxes.append(Box(machine.states[name], x - view.w / 2, y - view.h / 2, view.w, view.h, view.inside))
    arrows = [
        Arrow(
            each.source,
            each.target,
            each.kind,
            _path([moved(point) for point in chain], [half(point) for point in chain]),
        )
        for each, chain in chains.items()
    ]
    return Drawing(right - left + 2 * MARGIN, bottom + 2 * MARGIN, tuple(boxes), tuple(arrows))


def _path(points: list[tuple[float, float]], halves: list[float]) -> str:
    """A smooth way through the points: upright beside or between boxes of those half heights, curved between layers."""
    down = 1 if points[1][1] > points[0][1] else -1
    x, y = points[0][0], points[0][1] + down * halves[0]
    path = f"M{x:.0f} {y:.0f}"
    for number, ((to_x, to_y), half) in enumerate(zip(points[1:], halves[1:], strict=True), 2):
        end = to_y - down * (half + (HEAD if number == len(points) else 0))
        middle = (y + end) / 2
        path += f"C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {end:.0f}"
        x, y = to_x, to_y + down * half
        if number < len(points):
            path += f"V{y:.0f}"
    return path
