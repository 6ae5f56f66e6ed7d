"""A program changes one value of a script, and everything else stays to the letter."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bots.qualifier
from bots.kit.compiler import read_script
from bots.kit.editing import add, put, quoted
from bots.kit.reader import UNSENDABLE, Items, Node, Scalar, Table, read

QUALIFIER = (Path(bots.qualifier.__file__).parent / "qualifier.yaml").read_text(encoding="utf-8")
SOURCE = """\
# Сверху
script: S   # имя
steps:
  a:
    # перед словами
    say: Привет!  # после слов
    ask: >-
      Длинный
      вопрос
    # перед пунктами
    choices:
      x: {label: 'Да', words: [да, ага], then: b}   # в строку
      y:
        label: "Нет"
        words:
          - нет   # раз
          - не надо
        # под списком
        then: b
      z: {label: Потом, words: потом, then: b}
  b: {end: done}
# Снизу
"""


def tree(node: Node | None) -> object:
    match node:
        case Scalar(text=text):
            return text
        case Items(nodes=nodes):
            return [tree(one) for one in nodes]
        case Table(pairs=pairs):
            return {key.text: tree(value) for key, value in pairs}
        case _:
            return None


def read_back(source: str | None) -> object:
    assert source is not None
    node, problems = read(source)
    assert problems == [], source
    return tree(node)


def at(found: object, path: tuple[str | int, ...]) -> object:
    for key in path:
        found = found[key]  # type: ignore[index]
    return found


PATHS = [
    ("script",),
    ("steps", "a", "say"),
    ("steps", "a", "ask"),
    ("steps", "a", "choices", "x", "label"),
    ("steps", "a", "choices", "x", "words", 1),
    ("steps", "a", "choices", "y", "label"),
    ("steps", "a", "choices", "y", "words", 0),
    ("steps", "a", "choices", "y", "words", 1),
    ("steps", "b", "end"),
]
LISTS = [("steps", "a", "choices", name, "words") for name in ("x", "y", "z")]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("text", ["Новое", "it's: a {name} # no", 'с "кавычками"\nи строкой', "- x", "&a *b !c %d @e"])
def test_one_value_changes_and_nothing_else(path: tuple[str | int, ...], text: str):
    changed = put(SOURCE, path, text)
    before, after = read_back(SOURCE), read_back(changed)
    assert at(after, path) == text
    put_back = put(changed or "", path, str(at(before, path)))
    assert read_back(put_back) == before
    for comment in (
        "# Сверху",
        "# имя",
        "# перед словами",
        "# после слов",
        "# перед пунктами",
        "# в строку",
        "# раз",
        "# под списком",
        "# Снизу",
    ):
        assert comment in (changed or "")


@pytest.mark.parametrize("path", LISTS)
def test_a_word_is_added_to_a_list_however_it_is_written(path: tuple[str | int, ...]):
    changed = add(SOURCE, path, "ну, да: конечно")
    words = at(read_back(SOURCE), path)
    assert at(read_back(changed), path) == [*(words if isinstance(words, list) else [words]), "ну, да: конечно"]
    assert (changed or "").count("#") == SOURCE.count("#")
    assert read_script(changed or "", "s")[0] is not None


@pytest.mark.parametrize(
    "path",
    [("nope",), ("steps",), ("steps", "a"), ("steps", "a", "choices", "x", "words"), ("steps", "a", "say", "x"), ()],
)
def test_where_there_is_no_text_nothing_is_changed(path: tuple[str | int, ...]):
    assert put(SOURCE, path, "x") is None


def test_what_cannot_be_read_is_not_changed():
    for source in ("a: [1", "a: &b c", "", "a: 1\n---\nb: 2"):
        assert put(source, ("a",), "x") is None
        assert add(source, ("a",), "x") is None


def test_a_shipped_script_is_changed_in_one_line_only():
    changed = add(QUALIFIER, ("steps", "menu", "choices", "parts", "words"), "автозапчасти")
    assert changed is not None
    lines = list(zip(QUALIFIER.splitlines(), changed.splitlines(), strict=True))
    assert [new for old, new in lines if old != new] == [
        "        words: [запчасти, запчасть, подбор, подобрать, деталь, детали, заказать, купить, наличие, в наличии, 'автозапчасти']"
    ]


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.sampled_from(PATHS),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
        lambda text: UNSENDABLE.search(text) is None  # those the reader leaves out
    ),
)
def test_any_text_comes_back_as_it_was_put(path: tuple[str | int, ...], text: str):
    changed = put(SOURCE, path, text)
    assert changed is not None
    assert at(read_back(changed), path) == text
    assert quoted(text)[0] in "'\""
