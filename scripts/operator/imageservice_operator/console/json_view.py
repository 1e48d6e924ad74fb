"""JSON as nested HTML details: folded below the first levels, with the matches of a search marked and unfolded.

No script is needed, and a browser's own search opens what is folded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from imageservice_operator.console.filters import unfolded

OPEN_LEVELS = 2
LONGEST_TEXT = 2_000
"""Characters of one value; a stack trace has about 1,500."""
MOST_HTML = 10_000
"""Characters of HTML for one tree, after which the rest is left out: a page has up to eight of them in its 200 kB."""


@dataclass
class _Budget:
    left: int = MOST_HTML
    cut: bool = False


def tree(value: Any, search: str = "") -> Markup:
    """The value, or the JSON text, as HTML. What is left out for its length is said at the end."""
    budget = _Budget()
    html = Markup("").join(_value(unfolded(value), search.casefold(), 0, budget))
    note = (
        Markup('<p class="quiet small">The rest is left out here: the data is long.</p>')
        if budget.cut
        else ""
    )
    return Markup('<div class="json">{}</div>{}').format(html, note)


def marked(text: str, search: str) -> Markup:
    """The text with every occurrence of `search` marked; letters of either case are the same."""
    if not search:
        return escape(text)
    search = search.casefold()
    parts, folded, at = [], text.casefold(), 0
    if len(folded) != len(text):  # a letter that folds to two: places would not match
        return escape(text)
    while (found := folded.find(search, at)) >= 0:
        parts += [escape(text[at:found]), Markup("<mark>{}</mark>").format(text[found : found + len(search)])]
        at = found + len(search)
    return Markup("").join([*parts, escape(text[at:])])


def _value(value: Any, search: str, depth: int, budget: _Budget) -> Iterator[Markup]:
    if isinstance(value, dict) and value:
        yield from _group(value.items(), search, depth, budget)
    elif isinstance(value, list) and value:
        yield from _group(enumerate(value), search, depth, budget)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        kind = "text" if isinstance(value, str) else "plain"
        shown = marked(_cut(text, LONGEST_TEXT), search)
        if len(shown) > budget.left:  # a quotation mark is five characters of HTML
            budget.cut = True
            shown = escape(_cut(text, max(budget.left, 0) // 5))
        yield _spent(Markup('<span class="json-{}">{}</span>').format(kind, shown), budget)


def _group(members: Iterable[tuple[Any, Any]], search: str, depth: int, budget: _Budget) -> Iterator[Markup]:
    """An object or a list: a row for each simple member, a fold for each other one."""
    yield Markup("<ul>")
    for name, value in members:
        if budget.left <= 0:
            budget.cut = True
            break
        label = Markup('<span class="json-name">{}</span>').format(marked(_cut(str(name), 200), search))
        if isinstance(value, (dict, list)) and value:
            is_open = depth + 1 < OPEN_LEVELS or (search and search in _text(value))
            sign = "{…}" if isinstance(value, dict) else "[…]"
            summary = Markup('<summary>{} <span class="quiet">{} {}</span></summary>').format(
                label, sign, len(value)
            )
            yield _spent(
                Markup("<li><details{}>{}").format(Markup(" open") if is_open else "", summary), budget
            )
            yield from _value(value, search, depth + 1, budget)
            yield Markup("</details></li>")
        else:
            yield _spent(Markup("<li>{} ").format(label), budget)
            yield from _value(value, search, depth + 1, budget)
            yield Markup("</li>")
    yield Markup("</ul>")


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str).casefold()


def _spent(html: Markup, budget: _Budget) -> Markup:
    budget.left -= len(html)
    return html
