"""The small forms of `/d/DIALOGUE/timing`: what the file says of when a letter leaves and of the
end of its list, as they show it, and what they change of it. Durations are shown in the visitor's
language, taken in French and in English, and written as files have them; what means the same stays
as its author wrote it. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeGuard

from engine.authoring.dialogue_edits import list_path
from engine.authoring.toml_changes import Change, SetKey, TomlValue
from engine.console.open_dialogue import LetterPlace, sentence
from engine.console.visit import Mistake, Visit
from engine.i18n.language import N_, Language
from engine.i18n.phrases import written_delay_in_words
from engine.sequence.delay import (
    EVERY_DAY,
    WEEKDAYS,
    parse_clock,
    parse_days,
    parse_delay,
    parse_window,
    written_clock,
    written_delay,
    written_window,
)
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Letter, List, Plan

DELAYS = ("after", "wait", "before", "since")
"""The keys of a letter's table that hold how long."""
REJOINS = ("always", "never", "after")


def letter_form(table: Mapping[str, object], letter: Letter, language: Language) -> dict[str, str]:
    """Durations in the words of the language."""

    def text(key: str) -> str:
        value = table.get(key, "")
        return str(value) if isinstance(value, (str, int)) else ""

    kind = "anchor" if letter.anchored else "reminds" if letter.reminds else ""
    kind = kind or ("wait" if "wait" in table else "after")
    delay = next((text(key) for key in DELAYS if key in table), "")
    return {
        "when": kind,
        "delay": written_delay_in_words(delay, language),
        "reminds": text("reminds"),
        "anchor": text("anchor"),
        "side": "since" if "since" in table else "before",
        "at": clock_shown(text("at")),
        "between": text("between"),
        **_ticked(text("days")),
        "weight": str(letter.weight),
        "theme": text("theme"),
        "only": text("only").removeprefix("segment:"),
        "unless": text("unless").removeprefix("segment:"),
    }


def list_form(table: Mapping[str, object], language: Language) -> dict[str, str]:
    """Durations in the words of the language."""

    def delay(value: object) -> str:
        return written_delay_in_words(str(value), language) if value else ""

    ends = table.get("ends")
    ends = ends if isinstance(ends, dict) else {}
    rejoin, _, rejoin_after = str(table.get("rejoin", REJOINS[0])).partition(" ")
    kind = next((way for way in ("move", "copy", "leave") if way in ends), "")
    target = ends.get(kind, "") if kind in ("move", "copy") else ""
    return {
        "ends": kind,
        "ends_target": str(target),
        "ends_after": delay(ends.get("after")),
        "rejoin": rejoin if rejoin in REJOINS else "after",
        "rejoin_after": delay(rejoin_after),
        "min_gap": delay(table.get("min_gap")),
        "max_lateness": delay(table.get("max_lateness")),
        "stop_on_reply": "yes" if table.get("stop_on_reply") is True else "",
    }


def clock_shown(text: str) -> str:
    """As a control for times has it: "9h" is "09:00"."""
    try:
        minute = parse_clock(text) if text else None
    except Unreadable:
        return ""
    return "" if minute is None else written_clock(minute)


def _ticked(text: str) -> dict[str, str]:
    try:
        days = parse_days(text) if text else frozenset()
    except Unreadable:
        days = frozenset()
    return {f"day-{WEEKDAYS[day]}": "yes" for day in days}


def written_days(days: frozenset[int]) -> str:
    """ "mon-fri", "tue,thu"; "" for every day."""
    if days in (EVERY_DAY, frozenset()):
        return ""
    chosen = sorted(days)
    if len(chosen) > 2 and chosen == list(range(chosen[0], chosen[-1] + 1)):
        return f"{WEEKDAYS[chosen[0]]}-{WEEKDAYS[chosen[-1]]}"
    return ",".join(WEEKDAYS[day] for day in chosen)


# What a form changes.


def as_it_was(former: object, typed: str) -> str:
    """A duration as files have it, in its author's words where they mean the same; what is none
    stays as it was typed.
    """
    try:
        meant = parse_delay(typed)
        return former if _means(former, meant, parse_delay) else written_delay(typed)
    except Unreadable:
        return typed


class Given:
    """The posted form: each value read as the file would read it, its mistakes gathered."""

    def __init__(self, visit: Visit, former: Mapping[str, object]) -> None:
        self.visit, self.former = visit, former
        self.inputs = {key: " ".join(value.split()) for key, value in visit.inputs.items()}
        self.mistakes: list[Mistake] = []

    def wrong(self, key: str, message: str) -> None:
        self.mistakes.append(Mistake(key, self.visit.say(message)))

    def delay(self, key: str, former: Sequence[object] = (), needed: bool = False) -> str:
        """As files have it, in whatever language it was typed."""
        if not self.inputs.get(key) and needed:
            self.wrong(key, N_("Say how long."))
        return self.text(key, parse_delay, written_delay, former)

    def text(
        self,
        key: str,
        read: Callable[[str], object],
        write: Callable[[str], str],
        former: Sequence[object] = (),
    ) -> str:
        """As `write` has it; where one of the `former` means the same, its author's words stay."""
        value = self.inputs.get(key, "")
        if not value:
            return ""
        try:
            meant = read(value)
            written = write(value)
        except Unreadable as error:
            self.mistakes.append(Mistake(key, sentence(self.visit, error.words)))
            return value
        return next((text for text in former if _means(text, meant, read)), written)


def _means(text: object, meant: object, read: Callable[[str], object]) -> TypeGuard[str]:
    try:
        return isinstance(text, str) and read(text) == meant
    except Unreadable:
        return False


def letter_changes(given: Given, plan: Plan, place: LetterPlace) -> Iterator[Change]:
    kind, former = given.inputs.get("when", ""), given.former
    anchored, counted = kind == "anchor", kind in ("wait", "reminds")
    side = given.inputs.get("side", "before")
    delay = given.delay("delay", [former.get(key) for key in DELAYS], needed=not anchored) or None
    anchor = given.inputs.get("anchor", "")
    if anchored and anchor not in plan.anchors:
        given.wrong("anchor", N_("Choose the date it is counted from."))
    values: dict[str, TomlValue | None] = {
        "after": delay if kind == "after" else None,
        "wait": delay if counted else None,
        "reminds": given.inputs.get("reminds") or None if kind == "reminds" else None,
        "anchor": anchor if anchored else None,
        "before": delay if anchored and side == "before" else None,
        "since": delay if anchored and side == "since" else None,
    }
    clock = given.text("at", parse_clock, str, [former.get("at")])
    window = given.text("between", parse_window, written_window, [former.get("between")])
    if clock and window:
        given.wrong("between", N_("Say an hour or a window, not both."))
    values["at"], values["between"] = clock or None, window or None
    days = frozenset(day for day, name in enumerate(WEEKDAYS) if given.inputs.get(f"day-{name}"))
    written, same = written_days(days), former.get("days")
    values["days"] = same if _means(same, days, parse_days) else written or None
    weight = given.inputs.get("weight", "")
    if weight.isdigit() and int(weight) != place.letter.weight:
        values["weight"] = int(weight)
    values["theme"] = given.inputs.get("theme") or None
    for key in ("only", "unless"):
        segment = given.inputs.get(key, "")
        values[key] = f"segment:{segment}" if segment else None
    for key, value in values.items():
        yield SetKey(place.path, key, value)


def list_changes(given: Given, plan: Plan, place: LetterPlace) -> Iterator[Change]:
    assert isinstance(place.sender, List)
    path, former = list_path(place.sender.id), given.former.get("ends")
    written = former.get("after") if isinstance(former, dict) else None
    kind, after = given.inputs.get("ends", ""), given.delay("ends_after", [written])
    ends: dict[str, TomlValue] | None = None
    if kind in ("move", "copy"):
        target = plan.list_named(given.inputs.get("ends_target", ""))
        if target is None:
            given.wrong("ends_target", N_("Choose where they go."))
        else:
            ends = {kind: _as_written(former, kind, target)}
    elif kind == "leave":
        ends = {"leave": True}
    if ends is not None and after:
        ends["after"] = after
    yield SetKey(path, "ends", ends)
    for key in ("min_gap", "max_lateness"):
        yield SetKey(path, key, given.delay(key, [given.former.get(key)]) or None)
    yield SetKey(path, "rejoin", _rejoin(given))
    stops = given.inputs.get("stop_on_reply") == "yes"
    as_it_was = False if given.former.get("stop_on_reply") is False else None
    yield SetKey(path, "stop_on_reply", True if stops else as_it_was)


def _rejoin(given: Given) -> str | None:
    """None for what is usual, where the file does not say it."""
    former, kind = given.former.get("rejoin"), given.inputs.get("rejoin", REJOINS[0])
    if kind != "after":
        usual = kind == REJOINS[0] and former is None
        return None if usual or kind not in REJOINS else kind
    word, _, delay = str(former or "").partition(" ")
    chosen = given.delay("rejoin_after", [delay], needed=True)
    return f"{word if chosen == delay else kind} {chosen}"


def _as_written(former: object, kind: str, target: List) -> TomlValue:
    """A number stays a number, a name a name."""
    value = former.get(kind) if isinstance(former, dict) else target.id
    return target.name if isinstance(value, str) else target.id
