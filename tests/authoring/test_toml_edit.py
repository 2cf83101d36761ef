"""A form changes a dialogue's file where its author wrote it, and nothing else of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.authoring.dialogue_edits import renamed_list
from engine.authoring.toml_changes import (
    IDENTITIES,
    AddTable,
    CannotEdit,
    Change,
    MoveTable,
    RemoveTable,
    SetKey,
    TablePath,
    TomlValue,
    apply,
    plain,
)
from engine.authoring.toml_edit import edited
from engine.sequence.model import List
from engine.sequence.toml import read_tables

ROOT = Path(__file__).parents[2]
FILES = sorted(
    [*(ROOT / "sequences").rglob("*.toml"), *(ROOT / "engine/authoring/starter").rglob("*.toml")]
)
LIST: TablePath = (("list", "10"),)
LETTER: TablePath = (*LIST, ("letter", "question"))

DIALOGUE = """\
# Who comes first.

title   = "Début"     # seen by readers
purpose = "conseils"

# The first one.
[[list]]
id     = 10           # a number
name   = "debut"
ends   = { move = 20, after = "1 week" }   # the silent too

  [[list.letter]]
  id        = "accueil"
  after     = "0 minutes"
  subject   = 'Un "mot" pour vous'   # short
  body      = "debut/accueil.md"

  [[list.letter]]
  id        = "question"
  after     = "2 days"
  at        = "09:00"  # their hour
  subject   = "Oui ou non ?"
  body      = "debut/question.md"

[[broadcast]]
id = "sondage"
to = [
  10,   # the first
  20,
]
on = "2026-12-01 09:00"
subject = "Vous"
body = "debut/sondage.md"

# ---- what follows ----

[[list]]
id     = 20
name   = "suite"
"""


def lines_changed(text: str, *changes: Change) -> tuple[set[str], set[str]]:
    """The lines that are gone, and the new ones."""
    before, after = text.split("\n"), edited(text, changes).split("\n")
    return set(before) - set(after), set(after) - set(before)


def test_a_value_is_replaced_and_its_comment_stays_in_its_column() -> None:
    gone, new = lines_changed(DIALOGUE, SetKey(LETTER, "at", "9:5"), SetKey(LIST, "id", 1000))
    assert gone == {'  at        = "09:00"  # their hour', "id     = 10           # a number"}
    assert new == {'  at        = "9:5"    # their hour', "id     = 1000         # a number"}


def test_a_new_key_stands_where_its_kind_stands_with_its_sign_below_the_others() -> None:
    text = edited(DIALOGUE, [SetKey(LETTER, "days", "mon-fri")])
    assert '  at        = "09:00"  # their hour\n  days      = "mon-fri"\n  subject ' in text


def test_a_key_without_a_value_is_taken_out() -> None:
    gone, new = lines_changed(DIALOGUE, SetKey(LETTER, "at", None))
    assert gone == {'  at        = "09:00"  # their hour'} and not new


def test_text_in_simple_quotes_keeps_them_while_it_can() -> None:
    letter = (*LIST, ("letter", "accueil"))
    assert lines_changed(DIALOGUE, SetKey(letter, "subject", 'Le "mot" !'))[1] == {
        "  subject   = 'Le \"mot\" !'           # short"
    }
    assert lines_changed(DIALOGUE, SetKey(letter, "subject", "C'est"))[1] == {
        '  subject   = "C\'est"                # short'
    }


def test_an_inline_table_changes_within_itself() -> None:
    ends: TomlValue = {"move": 20, "after": "2 weeks"}
    assert lines_changed(DIALOGUE, SetKey(LIST, "ends", ends))[1] == {
        'ends   = { move = 20, after = "2 weeks" }  # the silent too'
    }
    assert lines_changed(DIALOGUE, SetKey(LIST, "ends", {"leave": True}))[1] == {
        "ends   = { leave = true }                  # the silent too"
    }


def test_the_lines_of_a_long_list_are_kept_each_for_itself() -> None:
    broadcast: TablePath = (("broadcast", "sondage"),)
    gone, new = lines_changed(DIALOGUE, SetKey(broadcast, "to", [10, 30, 20]))
    assert not gone and new == {"  30,"}


def test_a_letter_is_added_before_another_and_indented_as_they_are() -> None:
    values: dict[str, TomlValue] = {"id": "relance", "wait": "1 day", "body": "debut/r.md"}
    text = edited(DIALOGUE, [AddTable(LIST, "letter", values, "question")])
    assert text == DIALOGUE.replace(
        '  [[list.letter]]\n  id        = "question"',
        '  [[list.letter]]\n  id   = "relance"\n  wait = "1 day"\n  body = "debut/r.md"\n\n'
        '  [[list.letter]]\n  id        = "question"',
    )


def test_a_list_is_taken_out_with_its_letters_and_the_comment_above_it() -> None:
    text = edited(DIALOGUE, [RemoveTable(LIST)])
    head, _, rest = DIALOGUE.partition("# The first one.")
    assert text == head + rest[rest.index("[[broadcast]]") :]


def test_what_stands_apart_from_a_table_stays_when_it_goes() -> None:
    text = edited(DIALOGUE, [RemoveTable((("broadcast", "sondage"),))])
    assert "# ---- what follows ----\n\n[[list]]\nid     = 20" in text


def test_letters_are_moved_as_they_were_written() -> None:
    back_and_forth = [MoveTable(LETTER, "accueil"), MoveTable(LETTER)]
    moved = edited(DIALOGUE, back_and_forth[:1])
    assert moved.index('"question"') < moved.index('"accueil"')
    assert edited(DIALOGUE, back_and_forth) == DIALOGUE


@pytest.mark.parametrize(
    ("former", "wanted"),
    [
        ('[list.ends]\nmove = 20   # on\nafter = "1 week"\n', "move = 30   # on"),
        ('ends.move = 20   # on\nends.after = "1 week"\n', "ends.move = 30   # on"),
    ],
)
def test_a_table_with_lines_of_its_own_changes_in_them(former: str, wanted: str) -> None:
    text = f'[[list]]\nid = 10\nname = "a"\n{former}'
    changed = edited(text, [SetKey(LIST, "ends", {"move": 30, "after": "1 week"})])
    assert changed == text.replace(wanted.replace("30", "20"), wanted)
    gone = edited(text, [SetKey(LIST, "ends", None)])
    assert read_tables(gone) == {"list": [{"id": 10, "name": "a"}]}
    leave = edited(text, [SetKey(LIST, "ends", {"leave": True})])
    assert read_tables(leave)["list"] == [{"id": 10, "name": "a", "ends": {"leave": True}}]


def test_letters_written_in_one_line_are_left_to_their_author() -> None:
    text = 'list = [{ id = 10, letter = [{ id = "question" }] }]\n'
    with pytest.raises(CannotEdit):
        edited(text, [SetKey(LETTER, "subject", "Oui ?")])


def test_a_letter_that_is_gone_is_told_by_its_name() -> None:
    with pytest.raises(CannotEdit, match="perdue"):
        edited(DIALOGUE, [RemoveTable((*LIST, ("letter", "perdue")))])


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_writing_what_is_there_already_leaves_every_character(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert edited(text, list(unchanged(tomllib.loads(text)))) == text


def test_the_examples_of_the_documents_keep_their_comments_through_a_change() -> None:
    tried = 0
    for example in examples():
        tables = tomllib.loads(example)
        assert edited(example, list(unchanged(tables))) == example
        for change in unchanged(tables):
            assert isinstance(change, SetKey)
            if change.key not in IDENTITIES and not isinstance(change.value, dict):
                other = edited(example, [SetKey(change.table, change.key, "tout autre")])
                back = edited(other, [change])
                assert tomllib.loads(back) == tables and back.count("#") >= example.count("#") - 1
                tried += 1
    assert tried > 50


def examples() -> Iterator[str]:
    for page in sorted((ROOT / "docs").glob("*.md")):
        for example in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
            try:
                tomllib.loads(example)
            except ValueError:
                continue
            yield example


def unchanged(tables: dict[str, TomlValue], path: TablePath = ()) -> Iterator[Change]:
    """Every key of the tables of a file, set to what it is."""
    for key, value in tables.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for table in value:
                name = next((table[known] for known in ("id", "name") if known in table), None)
                if name is not None:
                    yield from unchanged(table, (*path, (key, str(name))))
        else:
            yield SetKey(path, key, value)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30)
VALUES: st.SearchStrategy[TomlValue] = st.one_of(
    TEXT,
    st.integers(0, 10**6),
    st.booleans(),
    st.lists(TEXT, max_size=4),
    st.dictionaries(st.sampled_from(("move", "after", "copy")), TEXT, max_size=3),
)
SAMPLE = (ROOT / "sequences/onboarding.toml").read_text(encoding="utf-8")
PLACES = [
    (),
    *[(("list", number),) for number in ("10", "12", "21")],
    (("list", "10"), ("letter", "bienvenue")),
    (("list", "20"), ("letter", "graines")),
    (("broadcast", "carnet"),),
    (("anchor", "saints-de-glace"),),
]
KEYS = ("at", "subject", "ends", "only", "title", "to", "thanks", "nouveau")
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(SetKey, st.sampled_from(PLACES), st.sampled_from(KEYS), st.none() | VALUES),
    st.builds(
        AddTable,
        st.sampled_from(PLACES[1:4]),
        st.just("letter"),
        st.fixed_dictionaries({"id": st.sampled_from(("x", "y")), "subject": TEXT}),
        st.just(""),
    ),
    st.builds(RemoveTable, st.sampled_from(PLACES[1:])),
    st.builds(MoveTable, st.sampled_from(PLACES[1:4]), st.sampled_from(("", "11", "20"))),
)


@given(st.lists(CHANGES, min_size=1, max_size=6))
def test_the_file_says_exactly_what_was_asked_and_keeps_all_other_lines(
    changes: list[Change],
) -> None:
    intended, text = plain(read_tables(SAMPLE)), SAMPLE
    for change in changes:
        try:
            apply(intended, change)
        except CannotEdit:
            continue
        before, text = text, edited(text, [change])
        assert plain(read_tables(text)) == intended
        gone = set(before.split("\n")) - set(text.split("\n"))
        if isinstance(change, SetKey):
            assert sum("#" in line for line in gone) <= 1
        elif not isinstance(change, RemoveTable):
            assert not gone


NAMING = """purpose = "x"
[[rule]]
when = "enters a"
[rule.then]
join = "stripe"
[[rule]]
when = "leaves a"  # dort
[rule.then]
leave = 20
[[rule]]
when = "leaves b"
[rule.then]
move = 20
from = "stripe"
[[webhook]]
name = "boutique"
from = "stripe"
secret_file = "s"
[[webhook.do]]
on = "refund"
leave = 20
[[webhook.do]]
on = "purchase"
move = "stripe"
from = "autre"
"""


def test_a_list_is_renamed_in_each_rule_and_webhook_and_no_sender_is() -> None:
    listed = List(10, "stripe", "x", "d.toml")
    changed = renamed_list({"r.toml": NAMING}, listed, "clients")["r.toml"]
    expected = NAMING.replace('"stripe"', '"clients"').replace(
        'name = "boutique"\nfrom = "clients"', 'name = "boutique"\nfrom = "stripe"'
    )
    assert read_tables(changed) == read_tables(expected)
    assert "# dort" in changed
