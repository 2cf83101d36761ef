"""A dialogue lived through: yes, no, silence; broadcasts, rules, purposes; what an author may say
for an answer; and the calendar as it is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from engine.authoring.dialogue_file import find_file
from engine.cli.simulate import Options, lived, simulate
from engine.i18n.in_words import in_english
from engine.i18n.user_error import UserError
from engine.sequence.declared import Declared, Product
from engine.sequence.delay import DAY, HOUR, MINUTE
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Plan
from engine.sequence.pressure import parse_cap
from engine.sequence.timing import to_instant, to_local
from engine.simulation.answers import read_answers, read_orders
from engine.simulation.calendar_entries import CalendarEntry
from engine.simulation.live import MAX_ENTRIES, GivenAnswer, live
from tests.sequence.dialogues import HEAD, SETTINGS, letter, listed, read

PARIS = "Europe/Paris"
MONDAY = to_instant(datetime(2026, 11, 23, 15), PARIS)
WORDS = {
    "a.md": "Bonjour.\n",
    "q.md": "Alors ?\n\n[Oui, c’est fait](===11===) [Non, aidez-moi](===12===)\n",
    "copy.md": "Un carnet ?\n\n[Le carnet](+++21+++) [Les offres](===30===)\n",
}
QUESTION = letter(
    "list-created", 'at = "09:00"', 'days = "mon-fri"', body="q.md", when='after = "2 days"'
)
AGAIN = letter("list-created-again", 'reminds = "list-created"', body="q.md", when='wait = "1 day"')
ONBOARDING = HEAD + listed(10, "prise-en-main", 'group = "clients"')
ONBOARDING += letter("welcome").replace(
    '"Sujet"', "\"Bienvenue {{ first_name | default('à vous', true) }}\""
)
ONBOARDING += QUESTION + AGAIN
ONBOARDING += listed(11, "liste-creee", "ends = { move = 20 }") + letter("bravo")
ONBOARDING += listed(12, "aide", 'ends = { leave = true, after = "1 week" }') + letter("aide")
ONBOARDING += listed(20, "suite") + letter("suite", body="copy.md", when='after = "1 month"')
ONBOARDING += listed(21, "carnet", "ends = { leave = true }") + letter("carnet")
ONBOARDING += listed(30, "offres", 'purpose = "offres"') + letter("offre")
POLL = (
    '[[broadcast]]\nid = "poll"\nto = [20]\non = "2026-12-01 09:00"\nsubject = "S"\nbody ='
    ' "q.md"\n[broadcast.reminder]\nwait = "2 days"\n'
)
MONTHLY = (
    '[[broadcast]]\nid = "monthly"\nto = [20]\nevery = "0 9 1 * *"\nsubject = "S"\nbody = "a.md"\n'
)
PLAN = read(ONBOARDING, WORDS)


def told(moments: Sequence[CalendarEntry]) -> list[str]:
    """ "23 Nov 15:00 letter welcome" and so on, local to Paris."""
    lines = []
    for each in moments:
        what = {
            "letter": each.letter,
            "broadcast": each.letter,
            "withheld": each.letter,
            "answers": each.label,
        }.get(each.kind, "")
        where = {
            "joins": each.list,
            "leaves": each.list,
            "moves": each.target,
            "copies": each.target,
            "passes": each.target,
        }.get(each.kind, "")
        why = in_english(each.refused) if each.refused is not None else each.why
        lines.append(
            f"{to_local(each.at, PARIS):%d %b %H:%M} {each.kind} {what or where or why}".rstrip()
        )
    return lines


def life(
    plan: Plan = PLAN, start: int = 10, days: int = 60, **answers: int | GivenAnswer
) -> list[str]:
    given = {
        name.replace("_", "-"): [said if isinstance(said, GivenAnswer) else GivenAnswer(said)]
        for name, said in answers.items()
    }
    return told(live(plan, start, given, MONDAY, PARIS, days * DAY))


def test_silence_is_reminded_and_then_rests() -> None:
    assert life() == [
        "23 Nov 15:00 joins 10",
        "23 Nov 15:00 letter welcome",
        "25 Nov 09:00 letter list-created",
        "26 Nov 09:00 letter list-created-again",
        "26 Nov 09:00 rests every letter of this list has been sent",
    ]


def test_a_reader_buys_when_they_are_said_to() -> None:
    entries = live(PLAN, 10, {}, MONDAY, PARIS, orders=read_orders(PLAN, ["livre@1d", "semis@2h"]))
    bought = [(entry.at - MONDAY, entry.label) for entry in entries if entry.kind == "orders"]
    assert bought == [(2 * HOUR, "semis"), (DAY, "livre")]


@pytest.mark.parametrize(
    ("order", "why"), [("un livre", "is not an order"), ("livres", "no [[product]] has the code")]
)
def test_what_nobody_can_buy_is_refused(order: str, why: str) -> None:
    plan = replace(PLAN, declared=Declared(products=(Product("livre", "Le livre"),)))
    with pytest.raises(Unreadable) as refused:
        read_orders(plan, [order])
    assert why in in_english(refused.value.words)


def test_yes_moves_on_and_the_reminder_does_not_come() -> None:
    assert life(list_created=0) == [
        "23 Nov 15:00 joins 10",
        "23 Nov 15:00 letter welcome",
        "25 Nov 09:00 letter list-created",
        "25 Nov 10:00 answers Oui, c’est fait",
        "25 Nov 10:00 moves 11",
        "25 Nov 10:00 letter bravo",
        "25 Nov 10:00 passes 20",
        "25 Dec 10:00 letter suite",
        "25 Dec 10:00 rests every letter of this list has been sent",
    ]


def test_no_leads_to_help_and_off_the_list_in_the_end() -> None:
    assert life(list_created=1)[-4:] == [
        "25 Nov 10:00 moves 12",
        "25 Nov 10:00 letter aide",
        "02 Dec 10:00 leaves 12",
        "02 Dec 10:00 rests on no list any more",
    ]


def test_who_answers_late_has_been_reminded() -> None:
    late = life(list_created=GivenAnswer(0, 2 * DAY))
    assert late.index("26 Nov 09:00 letter list-created-again") < late.index(
        "27 Nov 09:00 answers Oui, c’est fait"
    )


def test_the_reminder_can_be_answered_too() -> None:
    assert "26 Nov 10:00 moves 12" in life(list_created_again=1)


def test_a_mind_can_be_changed() -> None:
    found = life(
        list_created=GivenAnswer(1, 30 * HOUR), list_created_again=GivenAnswer(0, 8 * HOUR)
    )
    assert [line for line in found if "moves" in line] == [
        "26 Nov 15:00 moves 12",
        "26 Nov 17:00 moves 11",
    ]


def test_a_copy_stays_and_another_purpose_is_agreed_to_on_the_page() -> None:
    assert life(start=20, suite=0)[2:] == [
        "23 Dec 16:00 answers Le carnet",
        "23 Dec 16:00 copies 21",
        "23 Dec 16:00 letter carnet",
        "23 Dec 16:00 leaves 21",
        "23 Dec 16:00 rests every letter of this list has been sent",
    ]
    assert life(start=20, suite=1)[3:6] == [
        "23 Dec 16:00 agrees offres",
        "23 Dec 16:00 moves 30",
        "23 Dec 16:00 letter offre",
    ]


def test_the_horizon_ends_the_story() -> None:
    assert life(days=10, list_created=0)[-1] == "03 Dec 15:00 goes on"


def test_a_broadcast_is_played_for_who_stands_on_its_list() -> None:
    plan = read(ONBOARDING + POLL, WORDS)
    asked = [line for line in life(plan, list_created=0) if "broadcast" in line]
    assert asked == ["01 Dec 09:00 broadcast poll", "03 Dec 09:00 broadcast poll-reminder"]
    assert [line for line in life(plan) if "broadcast" in line] == []


def test_a_broadcast_can_be_answered() -> None:
    plan = read(ONBOARDING + POLL, WORDS)
    assert "01 Dec 10:00 moves 12" in life(plan, list_created=0, poll=1)
    assert "03 Dec 09:00 broadcast poll-reminder" not in life(plan, list_created=0, poll=1)


def test_a_recurring_broadcast_comes_each_time() -> None:
    def first_of_the_month(every: str, zone: str, after: int) -> Iterator[int]:
        assert (every, zone) == ("0 9 1 * *", PARIS)
        return iter(
            [at for m in range(1, 13) if (at := to_instant(datetime(2027, m, 1, 9), PARIS)) > after]
        )

    found = live(
        read(ONBOARDING + MONTHLY, WORDS), 20, {}, MONDAY, PARIS, 200 * DAY, first_of_the_month
    )
    months = [
        to_local(each.at, PARIS).strftime("%d %b") for each in found if each.kind == "broadcast"
    ]
    assert months == ["01 Jan", "01 Feb", "01 Mar", "01 Apr", "01 May", "01 Jun"]


def test_what_a_rule_makes_leave_is_told() -> None:
    text = HEAD + listed(10, "ten", 'group = "prospects"') + letter("list-created", body="q.md")
    text += (
        listed(11, "yes", 'group = "clients"', "ends = { leave = true }")
        + listed(12, "no", 'group = "prospects"')
        + letter("no")
    )
    copying = WORDS | {"q.md": "[Oui](+++11+++) [Non](+++12+++)"}
    assert [line.split(" ", 3)[3] for line in life(read(text, copying), list_created=0)][3:6] == [
        "copies 11",
        "leaves 10",
        "leaves 11",
    ]


def test_a_refusal_is_told_and_costs_no_place() -> None:
    text = (
        HEAD
        + listed(10, "ten", 'group = "clients"')
        + letter("list-created", body="q.md")
        + letter("more", when='wait = "1 day"')
    )
    text += listed(11, "yes", 'group = "prospects"') + listed(12, "no")
    found = life(read(text, WORDS), list_created=0)
    assert any("refused this person is among" in line for line in found)
    assert "24 Nov 15:00 letter more" in found


def test_a_story_without_end_is_stopped() -> None:
    text = (
        HEAD
        + listed(10, "ten", 'ends = { move = 11, after = "1 minute" }')
        + letter("x")
        + listed(11, "eleven", "ends = { move = 10 }")
    )
    found = live(read(text, WORDS), 10, {}, MONDAY, PARIS)
    assert found[-1].kind == "too long"
    assert MAX_ENTRIES / 2 <= len(found) <= MAX_ENTRIES + 2


def test_an_answer_that_leads_back_is_told_a_few_rounds_long() -> None:
    text = HEAD + listed(11, "eleven", "ends = { move = 12 }") + letter("x")
    text += listed(12, "twelve") + letter("q", body="q.md", when='after = "1 day"')
    found = live(read(text, WORDS), 12, {"q": [GivenAnswer(0)]}, MONDAY, PARIS)
    assert (found[-1].kind, found[-1].list) == ("circles", 11)
    assert [entry.kind for entry in found].count("moves") == 5


def test_two_lists_may_have_a_letter_of_one_name() -> None:
    text = (
        HEAD
        + listed(10, "ten")
        + letter("q", body="q.md")
        + listed(11, "eleven")
        + letter("q", body="q.md")
        + listed(12, "twelve")
    )
    plan = read(text, WORDS)
    found = live(plan, 10, {"10/q": [GivenAnswer(0)], "11/q": [GivenAnswer(1)]}, MONDAY, PARIS)
    assert [each.target for each in found if each.kind == "moves"] == [11, 12]
    with pytest.raises(ValueError, match='several lists have a letter "q": say one of 10/q, 11/q'):
        read_answers(plan, ["q=Oui"])
    assert read_answers(plan, ["q=Oui"], nearby=[11, 12]) == {"11/q": [GivenAnswer(0)]}


def test_an_answer_to_a_letter_that_did_not_come_is_told() -> None:
    lines: list[str] = []
    options = Options("d.toml", ["list-created=Oui", "suite=offres"], start=MONDAY, list="12")
    simulate(PLAN, options, lines.append, "en")
    assert [line.split(" was")[0] for line in lines if "not given" in line] == [
        "the answer to list-created",
        "the answer to suite",
    ]


@pytest.mark.parametrize(
    ("said", "link", "after"),
    [
        ("list-created=Oui, c'est fait", 0, HOUR),
        ("list-created=oui", 0, HOUR),
        ("list-created=Non", 1, HOUR),
        ("list-created=1", 0, HOUR),
        ("list-created=2", 1, HOUR),
        ("list-created=12", 1, HOUR),
        ("list-created=aide", 1, HOUR),
        ("list-created====11===", 0, HOUR),
        ("10/list-created=Oui", 0, HOUR),
        ("list-created=Oui@2h", 0, 2 * HOUR),
        ("list-created=Oui @ 90 minutes", 0, 90 * MINUTE),
        ("suite=+++21+++", 0, HOUR),
        ("suite=offres@3 days", 1, 3 * DAY),
    ],
)
def test_an_answer_is_said_by_its_words_its_number_or_its_list(
    said: str, link: int, after: int
) -> None:
    (found,) = read_answers(PLAN, [said]).values()
    assert found == [GivenAnswer(link, after)]


@pytest.mark.parametrize(
    ("said", "after"),
    [
        (("list-created=Non", "list-created=Oui"), (HOUR, HOUR + DAY)),
        (
            ("list-created=Non@2d", "list-created=Oui", "list-created=Non"),
            (2 * DAY, 3 * DAY, 4 * DAY),
        ),
        (("list-created=Non", "list-created=Oui@90m"), (HOUR, 90 * MINUTE)),
    ],
)
def test_the_same_letter_answered_again_is_another_mind_a_day_later_or_when_it_says(
    said: Sequence[str], after: Sequence[int]
) -> None:
    (found,) = read_answers(PLAN, said).values()
    assert tuple(each.after for each in found) == after
    assert [each.link for each in found] == [1, 0, 1][: len(said)]


def test_a_mind_changed_in_one_letter_is_lived_through() -> None:
    found = told(
        lived(
            PLAN,
            Options(
                "d.toml", ["list-created=Non", "list-created=Oui"], start=MONDAY, timezone=PARIS
            ),
        )
    )
    assert found[3:9] == [
        "25 Nov 10:00 answers Non, aidez-moi",
        "25 Nov 10:00 moves 12",
        "25 Nov 10:00 letter aide",
        "26 Nov 10:00 answers Oui, c’est fait",
        "26 Nov 10:00 moves 11",
        "26 Nov 10:00 letter bravo",
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("list-created", 'write LETTER=LINK, for example "list-created=Oui, c’est fait"'),
        (
            "nothing=1",
            (
                'there is no letter "nothing"; letters with answers: list-created,'
                " list-created-again, suite"
            ),
        ),
        ("welcome=1", 'the letter "welcome" has no link to answer with'),
        (
            "list-created=Peut-être",
            'it has: 1 "Oui, c’est fait" (===11===), 2 "Non, aidez-moi" (===12===)',
        ),
        ("list-created=3", 'there is no link "3"'),
        ("list-created=+++11+++", 'there is no link "+++11+++"'),
        ("list-created=Oui@soon", '"soon" is not a duration'),
    ],
)
def test_an_answer_there_is_not_is_refused_with_those_there_are(said: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        read_answers(PLAN, [said])
    assert why in str(refused.value)


def test_a_number_that_may_mean_two_links_is_refused() -> None:
    text = HEAD + listed(1, "one") + listed(2, "two") + listed(10, "ten") + letter("q", body="q.md")
    plan = read(text, WORDS | {"q.md": "[Oui](===2===) [Non](===1===)"})
    with pytest.raises(ValueError, match='"1" may mean several links'):
        read_answers(plan, ["q=1"])
    assert read_answers(plan, ["q====1==="])["q"] == [GivenAnswer(1)]


def test_the_calendar_is_told_in_the_language_of_the_author() -> None:
    lines: list[str] = []
    simulate(
        PLAN,
        Options("d.toml", ["list-created=Oui"], start=MONDAY, timezone=PARIS),
        lines.append,
        "fr",
    )
    assert lines[:6] == [
        "Essai (Europe/Paris)",
        "J+0    lun 2026-11-23 15:00  rejoint la liste 10 prise-en-main",
        "                             lettre welcome « Bienvenue à vous »",
        "J+2    mer 2026-11-25 09:00  lettre list-created « Sujet »",
        "J+2    mer 2026-11-25 10:00  répond « Oui, c’est fait » → 11 liste-creee",
        "                             lettre bravo « Sujet »",
    ]
    english: list[str] = []
    simulate(PLAN, Options("d.toml", start=MONDAY, timezone=PARIS), english.append, "en")
    assert english[-1].endswith("nothing follows: every letter of this list has been sent")
    assert any("reminder list-created-again" in line for line in english)


@pytest.mark.parametrize(
    "said", ["d.toml", "d", "sequences/d.toml", "./sequences/d", "/srv/letters/sequences/d.toml"]
)
def test_a_dialogue_is_named_as_its_author_would(said: str) -> None:
    assert lived(PLAN, Options(said, start=MONDAY))[0].list == 10


def test_before_anything_is_published_no_dialogue_is_called_missing() -> None:
    with pytest.raises(UserError, match="nothing is published yet") as refused:
        find_file([], "d.toml")
    assert refused.value.status == 2


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (Options("other.toml"), "there is no dialogue other.toml; there are: d.toml"),
        (Options("d", list="99"), "there is no published list 99"),
        (Options("d", ["nothing=1"]), 'there is no letter "nothing"'),
    ],
)
def test_what_there_is_not_is_refused(options: Options, why: str) -> None:
    with pytest.raises(UserError) as refused:
        lived(PLAN, options)
    assert refused.value.status == 2
    assert why in str(refused.value)


GONE = "ends = { leave = true }"
UNDER_PRESSURE = HEAD + listed(10, "a", GONE) + letter("one")
UNDER_PRESSURE += letter("two", when='after = "3 days"')
UNDER_PRESSURE += listed(11, "b", GONE) + letter("sale", "weight = 8", when='after = "3 days"')
CAPPED = replace(SETTINGS, caps=(parse_cap("1 per 2 days"),))


def under_pressure(*beside: str) -> list[str]:
    lines: list[str] = []
    plan = read(UNDER_PRESSURE, settings=CAPPED)
    options = Options("d.toml", start=MONDAY, timezone=PARIS, list="10", beside=beside)
    simulate(plan, options, lines.append, "en")
    return [line[28:].strip() for line in lines[1:]]


def test_under_a_cap_a_letter_waits_for_the_heavier_one_of_another_dialogue() -> None:
    assert under_pressure() == [
        "joins list 10 a",
        "letter one “Sujet”",
        "letter two “Sujet”",
        "leaves list 10 a",
        "nothing follows: on no list any more",
    ]
    beside = under_pressure("b")
    assert beside[3:6] == [
        "letter two waits until 2026-11-28 15:00:00: at most “1 per 2 days”, in favour of"
        " “Sujet” [sale] (list 11 b)",
        "letter sale “Sujet”",
        "leaves list 11 b",
    ]
    assert "letter two “Sujet”" in beside[6:]


def test_who_is_simulated_beside_a_list_that_does_not_exist_is_told() -> None:
    with pytest.raises(UserError):
        under_pressure("nowhere")
