"""What is written on the cards of a drawing, and that it stays on them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.console.drawing_cards import draw_cards
from engine.console.drawing_model import (
    COUNT_ROOM,
    PADDING,
    PEOPLE_ROOM,
    SHARE_ROOM,
    SIZES,
    WIDTH,
    DrawnCard,
    Way,
    Words,
)
from engine.console.glyph_widths import ELLIPSIS, fitted, width_of, wrapped
from engine.sequence.delay import Delay
from engine.sequence.model import Ending, Letter, Link, List, Plan
from tests.authoring.test_drawing import PLAN
from tests.sizes import sized

FILE = "d.toml"
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=90)


def card(plan: Plan, name: str, published: Plan | None = None) -> DrawnCard:
    cards = draw_cards(plan, FILE, "en", published).cards
    return next(drawn for drawn in cards if drawn.id == name)


def written(drawn: DrawnCard) -> list[str]:
    return [" ".join(words.text for words in line.words) for line in drawn.lines]


def test_a_card_has_its_letters_with_their_days_and_below_each_its_answers() -> None:
    drawn = card(PLAN, "list-10")
    assert [words.text for words in drawn.words] == ["dix", "list 10 · prospects"]
    assert written(drawn) == [
        "At once Sujet",
        "Day 2, 9:00, Mon-Fri Sujet",
        "Oui",
        "Un carnet aussi",
        "no answer after 1 day Sujet",
        "Oui",
        "Un carnet aussi",
        "broadcast “Sondage”",
        "7 days after the last letter",
    ]
    assert [line.kind for line in drawn.lines[2:4]] == ["answer", "copy"]


def test_the_words_are_those_of_the_language() -> None:
    drawn = draw_cards(PLAN, FILE, "fr").cards[1]
    assert written(drawn)[:2] == ["Tout de suite Sujet", "J+2, 9\xa0h, lun-ven Sujet"]


def test_every_way_out_is_an_arrow_that_leaves_from_its_line() -> None:
    arrows = draw_cards(PLAN, FILE, "en").arrows
    assert {(arrow.source, arrow.line.whole, arrow.target) for arrow in arrows} >= {
        ("list-10", "Oui", "list-11"),
        ("list-10", "Un carnet aussi", "list-12"),
        ("list-10", "7 days after the last letter", "list-12"),
        ("list-10", "broadcast “Sondage”", "broadcast-poll"),
        ("broadcast-poll", "Oui", "list-11"),
    }
    assert (arrows[0].source, arrows[0].line.way) == ("form-f", Way("joined", 0, 10, "", "form"))
    assert len({arrow.line.id for arrow in arrows}) == len(arrows)


def test_an_answer_is_counted_by_the_letter_that_held_the_link_and_by_its_words() -> None:
    ways = [line.way for line in card(PLAN, "list-10").lines if line.way is not None]
    assert ways[0] == Way("moved", 10, 11, "list:10/asks", "Oui")
    assert ways[1] == Way("copied", 10, 12, "list:10/asks", "Un carnet aussi")
    assert ways[-1] == Way("ended", 10, 12)


def test_who_leaves_after_the_last_letter_is_drawn_as_leaving() -> None:
    drawn = card(PLAN, "list-11")
    assert drawn.end == "leave"
    assert written(drawn)[-1] == "after the last letter: leaves"
    assert drawn.size.height > drawn.height


def test_a_list_of_another_dialogue_is_a_card_that_leads_there() -> None:
    lists = {number: listed for number, listed in PLAN.lists.items() if number != 11}
    lists[11] = replace(PLAN.lists[11], file="other.toml")
    drawn = card(replace(PLAN, lists=lists), "list-11")
    assert (drawn.kind, drawn.file, drawn.lines) == ("elsewhere", "other.toml", ())


def test_what_the_folder_has_that_is_not_published_is_marked() -> None:
    ten = PLAN.lists[10]
    asks = ten.letters[1]
    letters = (
        replace(asks, links=(Link(0, "move", 11, "Oui"), Link(1, "move", 12, "Non"))),
        Letter(id="new", subject="Neuf", body="a.md", wait=Delay(days=1)),
        ten.letters[2],
    )
    folder = replace(PLAN, lists={**PLAN.lists, 10: replace(ten, letters=letters)})
    marks = {line.id: line.mark for line in card(folder, "list-10", PLAN).lines}
    assert {name: mark for name, mark in marks.items() if mark} == {
        "list-10-asks": "changed",
        "list-10-asks-moved12": "added",
        "list-10-asks-copied12": "removed",
        "list-10-new": "added",
        "list-10-welcome": "removed",
    }
    assert card(folder, "list-10", PLAN).mark == "changed"
    assert all(not drawn.mark for drawn in draw_cards(PLAN, FILE, "en", PLAN).cards)


def test_a_list_that_is_gone_from_the_folder_is_still_drawn() -> None:
    folder = replace(PLAN, lists={n: listed for n, listed in PLAN.lists.items() if n != 12})
    assert card(folder, "list-12", PLAN).mark == "removed"


def test_a_link_that_stands_twice_in_a_letter_is_one_answer() -> None:
    plan = _one_list(links=[Link(0, "move", 1, "Oui"), Link(1, "move", 1, "Oui")])
    assert sum(line.kind == "answer" for line in card(plan, "list-1").lines) == 1


def _one_list(
    name: str = "un", subject: str = "Sujet", links: list[Link] | None = None, group: str = ""
) -> Plan:
    asks = Letter(id="a", subject=subject, body="", after=Delay(), links=tuple(links or ()))
    listed = List(
        id=1,
        name=name,
        purpose="p",
        file=FILE,
        group=group,
        letters=(asks,),
        ends=Ending("move", 1, Delay(days=400, minutes=61)),
    )
    return Plan(lists={1: listed}, titles={FILE: name})


def room(words: Words, drawn: DrawnCard) -> int:
    """Up to where a line of text may reach."""
    if words.look == "name":
        return WIDTH - PADDING - (PEOPLE_ROOM if drawn.list else 0)
    if words.look == "label" or any(
        line.kind == "ending" and words in line.words for line in drawn.lines
    ):
        return WIDTH - PADDING - COUNT_ROOM - SHARE_ROOM
    return WIDTH - PADDING


@settings(max_examples=sized(60, 2000))
@given(name=TEXTS, subject=TEXTS, labels=st.lists(TEXTS, max_size=4), group=TEXTS)
def test_whatever_an_author_writes_stays_inside_its_card_and_its_line(
    name: str, subject: str, labels: list[str], group: str
) -> None:
    links = [Link(n, "move", 1, label) for n, label in enumerate(labels)]
    plan = _one_list(name, subject.replace("{", "("), links, group)
    for drawn in draw_cards(plan, FILE, "fr").cards:
        feet = 0
        for words in [*drawn.words, *(w for line in drawn.lines for w in line.words)]:
            bold = words.look == "name"
            end = words.x + width_of(words.text, SIZES[words.look], bold)
            assert end <= room(words, drawn)
            assert words.y - SIZES[words.look] >= feet - 2
            feet = words.y
        for line in drawn.lines:
            assert line.y >= drawn.head
            assert all(line.y < words.y < line.y + line.height for words in line.words)
            assert line.y + line.height <= drawn.height


def test_the_room_that_is_kept_holds_the_largest_number() -> None:
    assert width_of("9 999 999", SIZES["label"]) <= COUNT_ROOM
    assert width_of("100 %", SIZES["note"]) <= SHARE_ROOM
    assert width_of("9 999 999", SIZES["name"], bold=True) + 20 <= PEOPLE_ROOM


@settings(max_examples=sized(60, 2000))
@given(TEXTS, st.integers(40, 300), st.integers(10, 20))
def test_fitted_words_fit_and_end_with_an_ellipsis_where_some_are_missing(
    words: str, space: int, size: int
) -> None:
    shown = fitted(words, space, size)
    assert width_of(shown, size) <= space
    assert shown == words or (shown.endswith(ELLIPSIS) and words.startswith(shown[:-1]))


def test_words_are_broken_between_words_and_after_hyphens() -> None:
    assert wrapped("graines-semees au printemps", 140, 16, 2) == ["graines-semees", "au printemps"]
    assert wrapped("lettre-du-potager", 90, 16, 2) == ["lettre-du-", "potager"]
    assert wrapped("un deux trois quatre cinq", 60, 14, 2)[-1].endswith(ELLIPSIS)
