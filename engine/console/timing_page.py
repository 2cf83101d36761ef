"""`/d/DIALOGUE/timing`: when each letter leaves, what happens at the end of a list, and beside the
small forms a reader who lives through the draft as it is. Each answer may be clicked, to live the
other path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fastapi.responses import Response

from engine.authoring.calendar_words import in_calendar_words, letter_of_entry
from engine.authoring.toml_changes import table_at
from engine.console.access import Right
from engine.console.open_dialogue import (
    AuthoringStores,
    LetterPlace,
    OpenDialogue,
    open_dialogue,
    sentence,
    told,
)
from engine.console.timing_forms import Given, letter_changes, letter_form, list_changes, list_form
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_, day_in_words
from engine.i18n.phrases import subject_of
from engine.sequence.anchors import Anchor
from engine.sequence.delay import DAY, WEEKDAYS
from engine.sequence.feasts import NAMES
from engine.sequence.model import Letter, Link, List, Plan
from engine.sequence.pressure import DEFAULT_WEIGHT, MAX_WEIGHT
from engine.sequence.timing import to_local
from engine.simulation.calendar_entries import CalendarEntry
from engine.simulation.live import GivenAnswer, Recurring, live

HORIZON_DAYS = 400
MAX_SHOWN = 120
MAX_ANSWERS = 50
Answers = Mapping[str, int]
"""By "LIST/LETTER", the index of the link that is clicked."""


class TimingStores(AuthoringStores, Protocol):
    @property
    def recurrences(self) -> Recurring:
        """The instants of a recurring broadcast."""


def routes(stores: TimingStores) -> Sequence[Route]:
    here = "/d/{dialogue:path}/timing"

    def shown(_: AuthoringStores, visit: Visit) -> Response:
        return page(stores, visit)

    def changed(_: AuthoringStores, visit: Visit) -> Response:
        return post(stores, visit)

    return (
        Route("GET", here, Right.WRITE, told(shown, stores)),
        Route("POST", here, Right.WRITE, told(changed, stores)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the calendar; `answers` are (url, words, whether it is the one that is lived)."""

    day: int
    at: int
    date: str
    words: str
    letter: str = ""
    answers: tuple[tuple[str, str, bool], ...] = ()


def page(
    stores: TimingStores,
    visit: Visit,
    mistakes: Sequence[Mistake] = (),
    given: Mapping[str, str] | None = None,
) -> Response:
    opened = open_dialogue(stores, visit)
    places = [place for place in opened.letters() if isinstance(place.sender, List)]
    asked = visit.query.get("letter") or visit.inputs.get("letter", "")
    place = next((p for p in places if p.reference == asked), places[0] if places else None)
    if place is None or not isinstance(place.sender, List):
        return visit.goes_to(opened.url("lists"))
    listed = place.sender
    start = next((own for own in opened.lists() if str(own.id) == _start(visit)), opened.lists()[0])
    answers = read_answers(visit.query.get("answers") or visit.inputs.get("answers", ""))
    table, around = _tables(opened, place)
    return visit.page(
        "timing.html",
        mistakes=mistakes,
        opened=opened,
        states=opened.states(),
        place=place,
        listed=listed,
        letters=places,
        lists=[(str(own.id), f"{own.id} {own.name}") for own in opened.lists()],
        targets=[(own.name, f"{own.id} {own.name}") for own in opened.plan.lists.values()],
        start=start,
        answers=written(answers),
        form=given if given is not None else letter_form(table, place.letter, visit.language),
        list_form=given if given is not None else list_form(around, visit.language),
        inherited=_hours(around),
        days=list(zip(WEEKDAYS, _weekday_names(visit), strict=True)),
        themes=[("", "–"), *((theme.id, theme.name) for theme in opened.plan.themes.values())],
        segments=[("", "–"), *((s.id, s.name) for s in opened.plan.segments.values())],
        before=_before(listed, place.letter),
        anchors=[(name, anchor_name(anchor)) for name, anchor in opened.plan.anchors.items()],
        rows=() if opened.read.fatal else tuple(calendar(stores, opened, start, answers)),
        fatal=[(m.file, m.line, sentence(visit, m.words)) for m in opened.read.fatal],
        weights=_weights(visit),
        target_name=_target_name(opened.plan, list_form(around, visit.language)["ends_target"]),
    )


def _weights(visit: Visit) -> list[tuple[str, str]]:
    usual = visit.say(N_("{weight} (usual)")).format(weight=DEFAULT_WEIGHT)
    return [(str(w), usual if w == DEFAULT_WEIGHT else str(w)) for w in range(MAX_WEIGHT + 1)]


def _target_name(plan: Plan, reference: str) -> str:
    target = plan.list_named(reference) if reference else None
    return target.name if target is not None else ""


def _start(visit: Visit) -> str:
    return visit.query.get("list") or visit.inputs.get("list", "")


def _weekday_names(visit: Visit) -> tuple[str, ...]:
    _ = visit.say
    return (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


def _before(listed: List, letter: Letter) -> list[tuple[str, str]]:
    """Letters this one may remind of: those before it that ask something."""
    at = [own.id for own in listed.letters].index(letter.id)
    return [(own.id, subject_of(own) or own.id) for own in listed.letters[:at] if own.links]


def anchor_name(anchor: Anchor) -> str:
    return NAMES.get(anchor.feast, anchor.id)


def _hours(table: Mapping[str, object]) -> str:
    """What the list says for letters that say nothing else."""
    return " ".join(str(table[key]) for key in ("at", "between", "days") if key in table)


# What was posted.


def _tables(
    opened: OpenDialogue, place: LetterPlace
) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """The letter's keys and its list's, as they are written."""
    text = opened.text()
    return table_at(text, place.path), table_at(text, place.path[:1])


def post(stores: TimingStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    place = opened.letter(visit.inputs.get("letter", ""))
    table, around = _tables(opened, place)
    given = Given(visit, table if visit.inputs.get("do") == "letter" else around)
    changes = (
        list(letter_changes(given, opened.plan, place))
        if visit.inputs.get("do") == "letter"
        else list(list_changes(given, opened.plan, place))
    )
    if given.mistakes:
        return page(
            stores, visit, given.mistakes, _all_inputs(visit, given.inputs, table, place, around)
        )
    opened.change(changes)
    back = opened.url(
        "timing",
        letter=place.reference,
        list=visit.inputs.get("list", ""),
        answers=visit.inputs.get("answers", ""),
    )
    return visit.goes_to(back, visit.say(N_("Kept in your draft.")))


def _all_inputs(
    visit: Visit,
    inputs: Mapping[str, str],
    table: Mapping[str, object],
    place: LetterPlace,
    around: Mapping[str, object],
) -> dict[str, str]:
    """Both forms as they stand on the page: one as it was typed, the other as it was."""
    language = visit.language
    return letter_form(table, place.letter, language) | list_form(around, language) | dict(inputs)


# A reader who lives through it.


def read_answers(text: str) -> Answers:
    """From "10/bienvenue:0,11/bravo:1"; what is no answer is left out."""
    answers = {}
    for part in text.split(",")[:MAX_ANSWERS]:
        letter, colon, link = part.rpartition(":")
        if colon and link.isascii() and link.isdigit():
            answers[letter] = int(link)
    return answers


def written(answers: Answers) -> str:
    return ",".join(f"{letter}:{link}" for letter, link in answers.items())


def calendar(
    stores: TimingStores, opened: OpenDialogue, start: List, answers: Answers
) -> Iterator[Row]:
    """What happens to somebody who joins `start` now and gives these answers."""
    plan, visit, zone = opened.plan, opened.visit, opened.plan.timezone
    given = {letter: (GivenAnswer(link),) for letter, link in answers.items()}
    now = stores.clock.now()
    entries = live(plan, start.id, given, now, zone, HORIZON_DAYS * DAY, stores.recurrences)
    first = to_local(now, zone).date()
    for entry in entries[:MAX_SHOWN]:
        local = to_local(entry.at, zone)
        letter = letter_of_entry(plan, entry)
        links = letter.links if letter is not None else ()
        yield Row(
            day=(local.date() - first).days,
            at=entry.at,
            date=f"{day_in_words(local.date(), visit.language)}, {local:%H:%M}",
            words=in_calendar_words(entry, plan, zone, visit.say, with_id=letter is None),
            letter=_shown_letter(plan, opened.file, entry),
            answers=tuple(_ways(opened, start, answers, _known_as(entry), links, plan)),
        )


def _known_as(entry: CalendarEntry) -> str:
    """As `live` takes answers: of a list "10/bienvenue", of a broadcast its own name."""
    return f"{entry.list}/{entry.letter}" if entry.kind == "letter" else entry.letter


def _shown_letter(plan: Plan, file: str, entry: CalendarEntry) -> str:
    """The reference of a letter of this dialogue, "" for none."""
    listed = plan.lists.get(entry.list)
    if entry.kind != "letter" or listed is None or listed.file != file:
        return ""
    return f"{entry.list}/{entry.letter}"


def _ways(
    opened: OpenDialogue,
    start: List,
    answers: Answers,
    letter: str,
    links: Sequence[Link],
    plan: Plan,
) -> Iterator[tuple[str, str, bool]]:
    """Each answer to a letter, and none."""
    if not links:
        return
    others = {name: link for name, link in answers.items() if name != letter}
    reference = opened.visit.query.get("letter", "")

    def url(chosen: Answers) -> str:
        way = written(chosen)
        return opened.url("timing", letter=reference, list=str(start.id), answers=way) + "#lived"

    for link in links:
        target = plan.lists.get(link.target)
        words = link.readable or (target.name if target is not None else str(link.target))
        yield url({**others, letter: link.index}), words, answers.get(letter) == link.index
    yield url(others), opened.visit.say(N_("no answer")), letter not in answers
