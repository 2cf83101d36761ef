"""The installation as its events tell: what is published, which broadcasts fell due, what is
paused. Pure; every process folds the same.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import field, replace
from typing import cast

from engine.frozen import dataclass
from engine.installation import events as e
from engine.installation.breaches import Breach, evolved
from engine.sequence.declared import from_plain, plain
from engine.sequence.model import MEASURE, Content, Field, FieldType, Group, Plan, Purpose, Theme
from engine.sequence.parse import Settings, parse
from engine.sequence.pressure import as_published, from_published
from engine.sequence.versions import Arms
from engine.subscriber.act import Calendar, Occurrence
from engine.subscriber.agenda_key import BroadcastKey, encode, letter_ref, list_key

MAX_OCCURRENCES = 10


@dataclass(frozen=True, slots=True)
class Edition:
    """One publication: its files by digest, and the settings published with it. `at` is when (ms).

    `added` says of each letter, by encoded agenda key and id, when it was first published, and
    whether it then also went to people already past it. `tried`: of each letter that is tried in
    versions, by its letter_ref, since which edition.
    """

    number: int
    at: int
    files: tuple[tuple[str, str], ...]
    settings: str
    backfill: bool = False
    rolled_back_to: int = 0
    added: tuple[tuple[tuple[str, str], tuple[int, bool]], ...] = ()
    tried: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """In whose name checkpoints are signed, and by which keys, the present one last. `kept` is the
    position up to which the ledger still holds what was signed in this name, None while it was
    never put back since; then nothing more is signed in it. `previous` is the origin before it.
    """

    name: str
    vkeys: tuple[str, ...]
    kept: int | None = None
    previous: str = ""


GUARDED = frozenset({"complaints", "bounces"})
"""Reasons for a pause of what nobody asked for: confirmations go on."""


@dataclass(frozen=True)
class Installation:
    """A fold of the installation's stream up to `version`. `paused` maps a list (0: everything) to
    the reason; `restored` is when the ledger was last recognised as put back from an older copy
    (ms, 0: never). `notices` are in force by form or page; `forms` the digests of file and page;
    `program` is the version that last said it runs; `clock` is the last change of the clock, None
    while it was never changed. `versions`: of each letter that is tried, by its letter_ref, since
    which edition and in which versions. `proposed` and `approved`: by whom, by the plan's digest;
    over with the next edition. `ailments`: what the doctor found last not to hold, each since when.
    `forms_tried`: by form and way of leaving, when it was last tried and which step failed, "" for
    none.
    """

    version: int = 0
    words: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    editions: Mapping[int, Edition] = field(default_factory=dict)
    settings: str = ""
    calendar: Calendar = ()
    paused: Mapping[int, str] = field(default_factory=dict)
    notices: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    program: str = ""
    restored: int = 0
    last_night: str = ""
    breaches: Mapping[str, Breach] = field(default_factory=dict)
    origins: tuple[Origin, ...] = ()
    clock: e.ClockChanged | None = None
    versions: Mapping[str, tuple[int, Arms]] = field(default_factory=dict)
    proposed: Mapping[str, str] = field(default_factory=dict)
    approved: Mapping[str, str] = field(default_factory=dict)
    ailments: Mapping[str, int] = field(default_factory=dict)
    forms_tried: Mapping[tuple[str, str], tuple[int, str]] = field(default_factory=dict)

    def is_approved(self, digest: str) -> bool:
        """Whether somebody else than who proposed a plan last has approved it."""
        by = self.approved.get(digest)
        return by is not None and by != self.proposed.get(digest)

    @property
    def only_asked_for(self) -> bool:
        """Whether all is paused but mails that people asked for a moment ago."""
        return self.paused.get(0) in GUARDED

    @property
    def origin(self) -> Origin | None:
        """The one in whose name checkpoints are signed now."""
        return self.origins[-1] if self.origins and self.origins[-1].kept is None else None

    @property
    def edition(self) -> int:
        return max(self.editions, default=0)

    def plan(self, number: int | None = None) -> Plan:
        """The plan of an edition (default: the one in force); the empty plan before the first."""
        chosen = self.edition if number is None else number
        edition = self.editions.get(chosen)
        if edition is None:
            return Plan()
        return _plan(edition, self.words)

    def former_options(self) -> Mapping[tuple[str, str], str]:
        """Every theme and type of content that was ever published, by kind ("theme", "content") and
        code, under the name that it had last.
        """
        names: dict[tuple[str, str], str] = {}
        latest = dict.fromkeys(self.editions[number].settings for number in sorted(self.editions))
        for settings in (read_settings(self.words[digest]) for digest in latest):
            names |= {("theme", theme.id): theme.name for theme in settings.themes}
            names |= {("content", content.id): content.name for content in settings.contents}
        return names

    def evolve(self, event: e.InstallationEvent) -> Installation:
        return _evolve(replace(self, version=self.version + 1), event)


_plans: OrderedDict[Edition, Plan] = OrderedDict()
PLAN_CACHE_SIZE = 32


def _plan(edition: Edition, words: Mapping[str, str]) -> Plan:
    """Parsed once: an edition names its texts by digest, so it always means the same plan."""
    plan = _plans.get(edition)
    if plan is None:
        files = {path: words[digest] for path, digest in edition.files}
        plan = _dated(parse(files, read_settings(words[edition.settings])), edition)
        _plans[edition] = plan
        if len(_plans) > PLAN_CACHE_SIZE:
            _plans.popitem(last=False)
    return plan


def _dated(plan: Plan, edition: Edition) -> Plan:
    """The plan with the moment each of its letters was first published."""
    added, tried = dict(edition.added), dict(edition.tried)
    lists = {}
    for number, listed in plan.lists.items():
        letters = []
        for letter in listed.letters:
            at, backfill = added[list_key(number), letter.id]
            since = tried.get(letter_ref(list_key(number), letter.id), 0)
            letters.append(replace(letter, added_at=at, backfill=backfill, tried_since=since))
        lists[number] = replace(listed, letters=tuple(letters))
    broadcasts = {}
    for name, broadcast in plan.broadcasts.items():
        key = encode(BroadcastKey(name))
        at, _ = added[key, name]
        since = tried.get(letter_ref(key, name), 0)
        dated = replace(broadcast.letter, added_at=at, tried_since=since)
        broadcasts[name] = replace(broadcast, letter=dated)
    return replace(plan, edition=edition.number, lists=lists, broadcasts=broadcasts)


def read_settings(text: str) -> Settings:
    raw = json.loads(text)
    return Settings(
        raw["timezone"],
        "fr" if raw["language"] == "fr" else "en",
        tuple(_read_purpose(entry) for entry in raw["purposes"]),
        tuple(Group(entry["name"], tuple(entry["yields_to"])) for entry in raw["groups"]),
        tuple(map(_read_field, raw["fields"])),
        from_plain(raw["declared"]) if "declared" in raw else None,
        from_published(raw.get("pressure", ())),
        tuple(Theme(**entry) for entry in raw.get("themes", ())),
        tuple(Content(**entry) for entry in raw.get("contents", ())),
        Purpose(MEASURE, **raw["measure"]) if "measure" in raw else None,
    )


def _read_purpose(raw: Mapping[str, object]) -> Purpose:
    caps = raw.get("max", ())
    return Purpose(
        id=str(raw["id"]),
        name=str(raw["name"]),
        description=str(raw["description"]),
        partner=str(raw.get("partner", "")),
        caps=from_published(caps if isinstance(caps, list) else ()),
    )


def write_settings(settings: Settings) -> str:
    """Canonical JSON: the same settings always have the same digest."""
    settled: dict[str, object] = {
        "timezone": settings.timezone,
        "language": settings.language,
        "purposes": [_purpose(p) for p in settings.purposes],
        "groups": [{"name": g.name, "yields_to": list(g.yields_to)} for g in settings.groups],
        "fields": [_field(f) for f in settings.fields],
    }
    if settings.declared is not None:
        settled["declared"] = plain(settings.declared)
    if settings.caps:
        settled["pressure"] = as_published(settings.caps)
    for name, options in (("themes", settings.themes), ("contents", settings.contents)):
        if options:
            settled[name] = [{"id": option.id, "name": option.name} for option in options]
    if settings.measured is not None:
        agreed = settings.measured
        settled["measure"] = {"name": agreed.name, "description": agreed.description}
    return json.dumps(settled, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _read_field(entry: Mapping[str, object]) -> Field:
    options = entry.get("options", ())
    return Field(
        str(entry["name"]),
        str(entry["label"]),
        cast(FieldType, entry.get("type", "text")),
        tuple(map(str, options if isinstance(options, list) else ())),
    )


def _field(known: Field) -> dict[str, object]:
    """A text says no type: it is written as before there were any."""
    plain: dict[str, object] = {"name": known.name, "label": known.label}
    if known.type != "text":
        plain["type"] = known.type
    return plain | {"options": list(known.options)} if known.options else plain


def _purpose(purpose: Purpose) -> dict[str, object]:
    plain: dict[str, object] = {
        "id": purpose.id,
        "name": purpose.name,
        "description": purpose.description,
    }
    if purpose.partner:
        plain["partner"] = purpose.partner
    if purpose.caps:
        plain["max"] = as_published(purpose.caps)
    return plain


def _evolve(i: Installation, event: e.InstallationEvent) -> Installation:
    match event:
        case e.WordsPublished(_, digest, part, parts, text):
            pieces = (*i.parts.get(digest, ()), text) if part else (text,)
            if len(pieces) < parts:
                return replace(i, parts={**i.parts, digest: pieces})
            remaining = {d: p for d, p in i.parts.items() if d != digest}
            return replace(i, words={**i.words, digest: "".join(pieces)}, parts=remaining)
        case e.ConfigurationPublished(_, _, digest, program):
            return replace(i, settings=digest, program=program)
        case e.SequencePublished(at, number, files, backfill, rolled_back_to):
            tried = tuple((letter, since) for letter, (since, _) in i.versions.items())
            edition = Edition(number, at, files, i.settings, backfill, rolled_back_to, tried=tried)
            editions = {**i.editions, number: replace(edition, added=_added(i, edition))}
            return replace(i, editions=editions, proposed={}, approved={})
        case e.PublicationProposed(_, digest, by):
            approved = {known: who for known, who in i.approved.items() if known != digest}
            return replace(i, proposed={**i.proposed, digest: by}, approved=approved)
        case e.PublicationApproved(_, digest, by):
            return replace(i, approved={**i.approved, digest: by})
        case e.VersionsPublished(_, since, letter, arms):
            others = {ref: known for ref, known in i.versions.items() if ref != letter}
            return replace(i, versions=others | ({letter: (since, arms)} if arms else {}))
        case e.BroadcastFellDue(at, broadcast, occurrence):
            fallen = Occurrence(broadcast, encode(BroadcastKey(broadcast, occurrence)), at)
            return replace(i, calendar=_longer(i.calendar, fallen))
        case e.SendingPaused(_, why, number):
            return replace(i, paused={**i.paused, number: why})
        case e.SendingResumed(_, number):
            return replace(
                i, paused={n: why for n, why in i.paused.items() if n != number and number != 0}
            )
        case e.LedgerRestored(at, position):
            lost = tuple(
                replace(begun, kept=position if begun.kept is None else min(begun.kept, position))
                for begun in i.origins
            )
            return replace(i, restored=at, origins=lost)
        case e.OriginBegun(_, origin, vkey, previous, _, _):
            return replace(i, origins=(*i.origins, Origin(origin, (vkey,), None, previous)))
        case e.SigningKeyChanged(_, vkey, _) if i.origins:
            last = i.origins[-1]
            return replace(i, origins=(*i.origins[:-1], replace(last, vkeys=(*last.vkeys, vkey))))
        case e.NoticePublished(_, form, digest, _):
            return replace(i, notices={**i.notices, form: digest})
        case e.RetentionApplied(_, night):
            return replace(i, last_night=night)
        case e.BreachRecorded():
            return replace(i, breaches=evolved(i.breaches, event))
        case e.ClockChanged():
            return replace(i, clock=event)
        case e.DoctorRan(at, failing):
            return replace(i, ailments={code: i.ailments.get(code, at) for code in failing})
        case e.FormTried(at, form, way, failed):
            return replace(i, forms_tried={**i.forms_tried, (form, way): (at, failed)})
        case e.FormPublished(_, form, digest, rendered):
            return replace(i, forms={**i.forms, form: (digest, rendered)})
        case _:
            return i


def _longer(calendar: Calendar, new: Occurrence) -> Calendar:
    if any(occurrence.key == new.key for occurrence in calendar):
        return calendar
    same = [occurrence for occurrence in calendar if occurrence.broadcast == new.broadcast][
        -MAX_OCCURRENCES + 1 :
    ]
    return (
        *(occurrence for occurrence in calendar if occurrence.broadcast != new.broadcast),
        *same,
        new,
    )


def _added(
    i: Installation, edition: Edition
) -> tuple[tuple[tuple[str, str], tuple[int, bool]], ...]:
    """A letter keeps the moment it was first published. One that was taken away and comes back is
    new.
    """
    before = i.editions.get(i.edition)
    known = dict(before.added) if before else {}
    plan = parse(
        {path: i.words[digest] for path, digest in edition.files},
        read_settings(i.words[edition.settings]),
    )
    keys = [
        (list_key(number), letter.id)
        for number, listed in plan.lists.items()
        for letter in listed.letters
    ]
    keys += [(encode(BroadcastKey(name)), name) for name in plan.broadcasts]
    fresh = (edition.at, edition.backfill)
    return tuple((key, known.get(key, fresh)) for key in keys)
