"""What is posted from the page on which a person chooses what to receive, or from a form that asks
the same. Pure; every posted value is hostile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal, get_args

from engine.frozen import dataclass
from engine.intake.body_reader import BodyReader, Member, Mistakes
from engine.intake.instants import DateRefused, read_day, read_instant
from engine.sequence.model import MEASURE, Form, Plan
from engine.sequence.timing import to_instant
from engine.subscriber.commands import Chosen, SetPreferences
from engine.subscriber.events import Cause
from engine.subscriber.preferences import LONGEST_PAUSE
from engine.subscriber.terms import FREQUENCIES, Frequency
from engine.words import N_, Words

PURPOSE, WAS, THEME, CONTENT = "purpose-", "was-", "theme-", "content-"
FREQUENCY, PAUSE, OFFERED = "frequency", "pause", "offered"
ON_FORM = "relance-"
"""Before these names on a form, whose fields may be called like them."""
MAX_BOXES = 100
PauseFault = Literal["date", "past", "far"]
WRONG_PAUSE: Mapping[PauseFault, str] = MappingProxyType(
    {
        "date": N_("This is no date: write for example 31/12/2026."),
        "past": N_("This day has begun already: choose a later one."),
        "far": N_("A pause lasts a year at most."),
    }
)
Settable = Literal["themes", "contents", "frequency", "paused_until"]
SETTABLE: tuple[Settable, ...] = get_args(Settable)
PREFERENCES = (
    Member("email", "address", True, "The address of somebody who is known here."),
    Member("themes", "texts", False, "Codes of themes; [] is all of them."),
    Member("contents", "texts", False, "Codes of types of content; [] is all of them."),
    Member("frequency", "text", False, "How often at most.", FREQUENCIES),
    Member(
        "paused_until",
        "text",
        False,
        'Until when nothing is sent: a day or an instant, a year ahead at most; "" ends a pause.',
    ),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """`paused_until` (ms) is the beginning of a day, 0 for no pause. `on` and `off` are purposes
    whose switch is not as the page had shown it, MEASURE among them.
    """

    themes: tuple[str, ...]
    contents: tuple[str, ...]
    frequency: Frequency
    paused_until: int
    on: tuple[str, ...]
    off: tuple[str, ...]


def read_choice(posted: Mapping[str, str], plan: Plan, now: int, zone: str) -> Choice | PauseFault:
    """`now` is the engine's time (ms); a day begins on the clock of `zone`."""
    paused_until = _pause(posted.get(PAUSE, ""), now, zone)
    if isinstance(paused_until, str):
        return paused_until
    offered = (*plan.purposes, *((MEASURE,) if plan.measured else ()))
    ticked = {purpose for purpose in offered if posted.get(PURPOSE + purpose)}
    was = {purpose for purpose in offered if posted.get(WAS + purpose) == "on"}
    return Choice(
        themes=tuple(code for code in plan.themes if posted.get(THEME + code)),
        contents=tuple(code for code in plan.contents if posted.get(CONTENT + code)),
        frequency=_frequency(posted.get(FREQUENCY)) or "as-it-comes",
        paused_until=paused_until,
        on=tuple(
            p for p in offered if p in ticked - was and (p == MEASURE or form_to_switch_on(plan, p))
        ),
        off=tuple(p for p in offered if p in was - ticked),
    )


@dataclass(frozen=True, slots=True)
class CalledChoice:
    """What a call sets of somebody's preferences; `unsaid` are the members it leaves out."""

    address: str
    chosen: Choice
    unsaid: frozenset[Settable]

    def command(self, now: int, cause: Cause, call: str) -> SetPreferences:
        return SetPreferences(
            at=now,
            cause=cause,
            themes=self.chosen.themes,
            contents=self.chosen.contents,
            frequency=self.chosen.frequency,
            paused_until=self.chosen.paused_until,
            call=call,
            unsaid=self.unsaid,
        )


def read_called(body: object, plan: Plan, now: int) -> CalledChoice | Mistakes:
    """No purpose is switched on or off by it: the one is a consent, the other has its own call."""
    reader = BodyReader(body, PREFERENCES, plan, now)
    address, pause, until = reader.address(), reader.text("paused_until"), 0
    try:
        until = read_instant(pause, plan.timezone) if pause else 0
    except DateRefused as error:
        reader.mistake_for("paused_until", error.reason)
    else:
        if pause and until <= now:
            reader.mistake_for("paused_until", Words(WRONG_PAUSE["past"]))
        elif until - now > LONGEST_PAUSE:
            reader.mistake_for("paused_until", Words(WRONG_PAUSE["far"]))
    chosen = Choice(
        themes=reader.texts("themes"),
        contents=reader.texts("contents"),
        frequency=_frequency(reader.text("frequency")) or "as-it-comes",
        paused_until=until,
        on=(),
        off=(),
    )
    unsaid = frozenset(
        name
        for name in SETTABLE
        if reader.values.get(name) is None or (name == "frequency" and reader.lacks(name))
    )
    return reader.end() or CalledChoice(address, chosen, unsaid)


def _pause(text: str, now: int, zone: str) -> int | PauseFault:
    if not text.strip():
        return 0
    try:
        day = read_day(text[:40], "day-first")
        until = to_instant(datetime(day.year, day.month, day.day), zone)
    except (DateRefused, ValueError, OverflowError):
        return "date"
    if until <= now:
        return "past"
    return until if until - now <= LONGEST_PAUSE else "far"


def is_choice(name: str) -> bool:
    """Whether an input of a form has this name for one of these choices."""
    plain = name.removeprefix(ON_FORM)
    return plain != name and (plain in (FREQUENCY, MEASURE) or plain.startswith((THEME, CONTENT)))


def chosen_on(posted: Mapping[str, str], form: Form) -> Chosen:
    """Of what the form asks; that the plan offers it is for the decision to say."""

    def ticked(prefix: str) -> tuple[str, ...]:
        boxes = sorted(name for name, value in posted.items() if name.startswith(prefix) and value)
        return tuple(name.removeprefix(prefix) for name in boxes[:MAX_BOXES])

    return Chosen(
        ticked(ON_FORM + THEME) if "themes" in form.ask else (),
        ticked(ON_FORM + CONTENT) if "contents" in form.ask else (),
        _frequency(posted.get(ON_FORM + FREQUENCY)) if "frequency" in form.ask else "",
        MEASURE in form.ask and bool(posted.get(ON_FORM + MEASURE)),
    )


def written_choice(chosen: Chosen) -> dict[str, object]:
    """As the evidence of a request keeps it."""
    return {
        "themes": list(chosen.themes),
        "contents": list(chosen.contents),
        "frequency": chosen.frequency,
        **({"measured": True} if chosen.measured else {}),
    }


def read_choice_kept(kept: object) -> Chosen:
    """What `written_choice` has written; nothing chosen where it is anything else."""
    if not isinstance(kept, dict):
        return Chosen()
    themes, contents = kept.get("themes"), kept.get("contents")
    return Chosen(
        tuple(map(str, themes)) if isinstance(themes, list) else (),
        tuple(map(str, contents)) if isinstance(contents, list) else (),
        _frequency(kept.get("frequency")),
        kept.get("measured") is True,
    )


def _frequency(written: object) -> Frequency | Literal[""]:
    return next((known for known in FREQUENCIES if known == written), "")


def form_to_switch_on(plan: Plan, purpose: str) -> Form | None:
    """The form whose consent the page may ask for: it asks for nothing else that must be answered,
    so that a press says all of it.
    """
    return next((form for form in forms_of(plan, purpose) if _asks_for_consent_alone(form)), None)


def forms_of(plan: Plan, purpose: str) -> list[Form]:
    """The forms by which one consents to a purpose."""
    return [
        form for form in plan.forms.values() if form.purpose == purpose and form.basis == "consent"
    ]


def _asks_for_consent_alone(form: Form) -> bool:
    return not (
        form.question or form.age or form.order_field or any(f.required for f in form.fields)
    )
