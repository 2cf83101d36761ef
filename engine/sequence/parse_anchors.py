"""Reading `[[anchor]]` (a date that matters, or a feast that moves), what letters say of one
(`anchor` with `before` or `since`), and `[[programme]]`: what is only intended yet.
"""

from __future__ import annotations

import re
from datetime import date

from engine.sequence.anchors import BY_FIELD, Anchor, Anchored, PersonalDate
from engine.sequence.delay import NONE, Delay, parse_clock, parse_delay
from engine.sequence.draft import Draft, as_name, check_name
from engine.sequence.feasts import ENGLISH, FEASTS
from engine.sequence.model import Intention
from engine.sequence.nearest import hint, nearest
from engine.sequence.table import Table
from engine.sequence.timing import read_local_minute, to_instant
from engine.words import N_

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")
_INTENDED = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")


def read_anchors(root: Table, draft: Draft) -> None:
    for table in root.tables("anchor"):
        anchor = _read_anchor(table, draft)
        if anchor.id in draft.anchors:
            table.mistake("id", N_('there are two anchors "{anchor}"'), anchor=anchor.id)
        if anchor.id:
            draft.anchors[anchor.id] = anchor


def _read_anchor(table: Table, draft: Draft) -> Anchor:
    name = table.need("id", str, "")
    check_name(name, table, "id")
    zone = draft.settings.timezone
    feast = as_name(table.get("feast", str, "")) if "feast" in table.values else ""
    if feast:
        minute = table.parsed("at", parse_clock, 0)
        feast = ENGLISH.get(feast, feast)
        if feast not in FEASTS:
            close = nearest(feast, (*FEASTS, *ENGLISH))
            table.mistake(
                "feast",
                N_('"{feast}" is no feast known here{hint}; there are: {known}'),
                feast=str(table.values["feast"]),
                hint=hint(close),
                known=", ".join(FEASTS),
            )
            feast = "paques"
        table.finish()
        return Anchor(name, zone, feast=feast, minute=minute)
    moment = table.get("at", str, "")
    if not moment:
        table.mistake(
            "",
            N_('when? write `at = "2027-03-12 20:00"`, or `feast = "pâques"` with `at = "09:00"`'),
        )
    elif not _is_moment(moment):
        table.mistake(
            "at", N_('"{date}" is not a date with its hour: write "2027-03-12 20:00"'), date=moment
        )
        moment = ""
    table.finish()
    return Anchor(name, zone, at=to_instant(read_local_minute(moment), zone) if moment else 0)


def _is_moment(text: str) -> bool:
    try:
        return bool(_MOMENT.fullmatch(text)) and bool(read_local_minute(text))
    except ValueError:
        return False


def read_anchored(table: Table, draft: Draft, *, personal: bool) -> Anchored | None:
    """What a letter is counted from, None where it names no anchor. `personal`: whether it may be
    a date that each reader has of their own.
    """
    before: Delay | None = table.parsed("before", parse_delay, None)
    since: Delay | None = table.parsed("since", parse_delay, None)
    name = table.get("anchor", str, "")
    if not name:
        for key in ("before", "since"):
            if key in table.values:
                table.mistake(
                    key,
                    N_('`{key}` is counted from a date: name it, `anchor = "webinaire"`'),
                    key=key,
                )
        return None
    if "before" in table.values and "since" in table.values:
        table.mistake("since", N_("`before` and `since` exclude each other"))
    found = _anchor(name, table, draft, personal)
    offset = before if before is not None else since or NONE
    return None if found is None else Anchored(found, offset, before is not None)


def _anchor(name: str, table: Table, draft: Draft, personal: bool) -> Anchor | PersonalDate | None:
    if not name.startswith(BY_FIELD):
        if name not in draft.anchors and not draft.anchor_may_be_unread(name):
            table.mistake(
                "anchor",
                N_('there is no anchor "{anchor}"{hint}'),
                anchor=name,
                hint=hint(nearest(name, draft.anchors)),
            )
        return draft.anchors.get(name)
    field = name.removeprefix(BY_FIELD)
    if not personal:
        table.mistake(
            "anchor",
            N_(
                "a date that each reader has of their own comes again: write a [[broadcast]] with"
                ' `anchor = "{anchor}"`, to this list'
            ),
            anchor=name,
        )
        return None
    known = {declared.name: declared for declared in draft.settings.fields}
    if field in known and known[field].type != "date":
        table.mistake(
            "anchor",
            N_('the field "{field}" is no date: declare it with `type = "date"`'),
            field=field,
        )
    if field not in known:
        table.mistake(
            "anchor",
            N_('the field "{field}" is not declared in config.toml{hint}'),
            field=field,
            hint=hint(nearest(field, known)),
        )
    return PersonalDate(field, table.get("yearly", bool, False))


def check_personal(table: Table, anchored: Anchored) -> None:
    """A date of each reader's own has days and no hour: what is counted from it counts days, and
    leaves at `at`.
    """
    if anchored.offset.minutes:
        key = "before" if anchored.before else "since"
        table.mistake(
            key, N_("a reader's own date has no hour: count in days, and say the hour with `at`")
        )
    for key in ("between", "days"):
        if key in table.values:
            table.mistake(
                key, N_("what is counted from a reader's own date leaves on that day: say `at`")
            )


def read_programme(root: Table, draft: Draft) -> None:
    """Entries that are only intended, each once by its name (`id`, or made from `what`)."""
    for table in root.tables("programme"):
        what = table.need("what", str, "")
        name = table.get("id", str, "") or as_name(what)
        check_name(name, table, "id")
        on = table.need("on", str, "")
        if on and not _is_intended(on):
            table.mistake(
                "on",
                N_('"{date}" is no month and no day: write "2027-05" or "2027-05-12"'),
                date=on,
            )
        if name in draft.programme:
            table.mistake(
                "id" if "id" in table.values else "what",
                N_('there are two entries "{entry}" of the programme: give one of them an `id`'),
                entry=name,
            )
        draft.programme[name] = Intention(name, on, what, table.get("to", str, ""), root.file)
        table.finish()


def _is_intended(text: str) -> bool:
    match = _INTENDED.fullmatch(text)
    try:
        return match is not None and bool(date(int(match[1]), int(match[2]), int(match[3] or 1)))
    except ValueError:
        return False


def read_intention(table: Table, draft: Draft) -> str:
    """The intended entry that a broadcast carries out, "" for none."""
    text = table.get("programme", str, "")
    name = text if text in draft.programme else as_name(text) if text else ""
    if name and name not in draft.programme:
        table.mistake(
            "programme",
            N_('the programme has no entry "{entry}"{hint}'),
            entry=text,
            hint=hint(nearest(name, draft.programme)),
        )
    return name
