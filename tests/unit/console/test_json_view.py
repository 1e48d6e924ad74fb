"""JSON is shown folded, marked and cut, and nothing in it is markup."""

from imageservice_operator.console.json_view import LONGEST_TEXT, MOST_HTML, marked, tree


def test_the_first_levels_are_open_and_deeper_ones_folded() -> None:
    html = tree({"a": {"b": {"c": 1}}})
    assert html.count("<details open>") == 1
    assert html.count("<details>") == 1


def test_text_that_is_json_is_shown_as_json() -> None:
    assert tree('{"body": "{\\"key\\": \\"a.jpg\\"}"}').count("json-name") == 2


def test_a_match_is_marked_and_what_is_around_it_unfolded() -> None:
    html = tree({"a": {"b": {"c": "Needle"}}, "d": {"e": {"f": 1}}}, "needle")
    assert "<mark>Needle</mark>" in html
    assert html.count("<details open>") == 3
    assert html.count("<details>") == 1


def test_nothing_in_the_data_is_markup() -> None:
    html = tree({"<b>": ["<script>"], "x": "a<i>b"}, "<i>")
    assert "<b>" not in html
    assert "<script>" not in html
    assert "a<mark>&lt;i&gt;</mark>b" in html


def test_long_text_is_cut() -> None:
    assert len(tree("x" * 10 * LONGEST_TEXT)) < LONGEST_TEXT + 200


def test_wide_and_deep_data_is_cut_and_says_so() -> None:
    wide = tree([{"name": "value" * 10}] * 10_000)
    assert len(wide) < MOST_HTML + 2000
    assert "left out" in wide
    deep: object = 1
    for _ in range(400):
        deep = [deep]
    assert len(tree(deep)) < 2 * MOST_HTML  # what is open is closed, too
    for hostile in ({'"' * 5000: '"' * 5000}, ['"' * 5000] * 50, {f'"{n}' * 100: n for n in range(1000)}):
        assert len(tree(hostile)) < MOST_HTML + 2000


def test_simple_and_empty_values_are_shown_as_they_are() -> None:
    assert "null" in tree(None)
    assert "{}" in tree({})
    assert "[]" in tree({"a": []})
    assert "not { json" in tree("not { json")


def test_letters_of_either_case_match() -> None:
    assert marked("Größe und GRÖßE", "grö").count("<mark>") in (
        0,
        2,
    )  # ß folds to two letters: nothing is marked
    assert marked("Redis redis", "REDIS").count("<mark>") == 2
